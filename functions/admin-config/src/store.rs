//! The statements on `display_config`. Writers wait for each other; readers do not wait.
//!
//! `upload_order >= lowest` is always true: the index needs it (`migrations/README.md`, "Indexes and old code").

use shared::assignment;
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Postgres, Transaction};

use crate::config_file::Assignment;

/// Why assignments were not stored. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused a statement or is unavailable.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A new id equals a stored one: for example, user `a-` with case 1 and user `a` with case -1 have the same id.
    #[error("two assignments have the same id")]
    SameId,
    /// The file names an id, but the participant's case is stored with another one, which the file does not name.
    #[error("row {row}: the participant already has this case, with another id")]
    OtherId {
        /// The first row of the assignment.
        row: u64,
    },
}

/// The outcome for an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// The assignment is new.
    Created,
    /// The user already had this case; the assignment keeps its id and its position.
    Updated,
}

/// Replaces all assignments by these, in this order. Returns how many were removed. Their ids must be unique, as
/// [`ConfigFile::parse`] ensures.
///
/// [`ConfigFile::parse`]: crate::config_file::ConfigFile::parse
pub async fn replace_all(connection: &mut PgConnection, assignments: &[Assignment]) -> Result<u64, sqlx::Error> {
    let mut transaction = locked(connection).await?;
    let removed = sqlx::query!("DELETE FROM display_config").execute(&mut *transaction).await?.rows_affected();
    let columns = Columns::of(assignments);
    sqlx::query!(
        "INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability,
           rl_run_id)
         SELECT id, user_email, case_id, path_config::json, experiment_id, arm, policy_id, allocation_probability, rl_run_id
         FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[],
                 $9::integer[]) WITH ORDINALITY
           AS uploaded (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability, rl_run_id,
                 place)
         ORDER BY place",
        &columns.id as &[&str],
        &columns.user_email as &[&str],
        &columns.case_id,
        &columns.path_config as &[&str],
        &columns.experiment_id as &[Option<&str>],
        &columns.arm as &[Option<&str>],
        &columns.policy_id as &[Option<&str>],
        &columns.allocation_probability as &[Option<f64>],
        &columns.rl_run_id as &[Option<i32>]
    )
    .execute(&mut *transaction)
    .await?;
    assignment::keep_physical_order(&mut transaction, columns.user_email.iter().copied()).await?;
    transaction.commit().await?;
    Ok(removed)
}

/// Adds these assignments in this order and keeps all others. If a user already has the case, updates what the existing
/// assignment shows: the one with the same id, or else the user's first one of the case, unless the file names the id.
/// Does not rewrite an unchanged assignment.
pub async fn upsert(connection: &mut PgConnection, assignments: &[Assignment]) -> Result<Vec<Upserted>, StoreError> {
    let mut transaction = locked(connection).await?;
    let columns = Columns::of(assignments);
    let outcomes = sqlx::query!(
        r#"WITH uploaded AS MATERIALIZED (
             -- each row of the file, and the id of the assignment that it updates: NULL if it adds one
             SELECT *, (SELECT display_config.id FROM display_config
                        WHERE display_config.user_email = uploaded.user_email AND display_config.case_id = uploaded.case_id
                          AND upload_order >= '-9223372036854775808'::bigint
                          AND (display_config.id = uploaded.id OR NOT uploaded.is_named)
                        ORDER BY display_config.id = uploaded.id DESC, upload_order LIMIT 1) AS existing
             FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[],
                 $9::integer[], $10::boolean[]) WITH ORDINALITY
               AS uploaded (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability, rl_run_id,
                 is_named, place)),
           updated AS (
             -- not the unchanged ones
             UPDATE display_config
             SET path_config = uploaded.path_config::json, experiment_id = uploaded.experiment_id, arm = uploaded.arm,
                 policy_id = uploaded.policy_id, allocation_probability = uploaded.allocation_probability,
                 rl_run_id = uploaded.rl_run_id
             FROM uploaded
             WHERE display_config.id = existing
               AND (display_config.path_config::text, display_config.experiment_id, display_config.arm, display_config.policy_id,
                    display_config.allocation_probability, display_config.rl_run_id)
                 IS DISTINCT FROM (uploaded.path_config, uploaded.experiment_id, uploaded.arm, uploaded.policy_id,
                                     uploaded.allocation_probability, uploaded.rl_run_id)),
           created AS (
             INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability,
               rl_run_id)
             SELECT id, user_email, case_id, path_config::json, experiment_id, arm, policy_id, allocation_probability, rl_run_id
             FROM uploaded WHERE existing IS NULL ORDER BY place
             -- an id that another user or case has: neither updated nor created
             ON CONFLICT (id) DO NOTHING RETURNING id)
           SELECT existing IS NOT NULL AS "is_updated!", id IN (SELECT id FROM created) AS "is_created!",
                  existing IS NULL AND is_named AND EXISTS (
                    SELECT FROM display_config
                    WHERE display_config.user_email = uploaded.user_email AND display_config.case_id = uploaded.case_id
                      AND upload_order >= '-9223372036854775808'::bigint
                      AND display_config.id NOT IN (SELECT id FROM uploaded)) AS "has_other_id!"
           FROM uploaded ORDER BY place"#,
        &columns.id as &[&str],
        &columns.user_email as &[&str],
        &columns.case_id,
        &columns.path_config as &[&str],
        &columns.experiment_id as &[Option<&str>],
        &columns.arm as &[Option<&str>],
        &columns.policy_id as &[Option<&str>],
        &columns.allocation_probability as &[Option<f64>],
        &columns.rl_run_id as &[Option<i32>],
        &columns.is_named
    )
    .fetch_all(&mut *transaction)
    .await?;
    let outcomes = outcomes.into_iter().zip(assignments).map(|(row, assignment)| {
        if row.has_other_id {
            return Err(StoreError::OtherId { row: assignment.paths[0].row });
        }
        match (row.is_updated, row.is_created) {
            (true, _) => Ok(Upserted::Updated),
            (false, true) => Ok(Upserted::Created),
            (false, false) => Err(StoreError::SameId),
        }
    });
    let outcomes = outcomes.collect::<Result<_, _>>()?;
    assignment::keep_physical_order(&mut transaction, columns.user_email.iter().copied()).await?;
    transaction.commit().await?;
    Ok(outcomes)
}

/// Adds these assignments in this order, even if a user already has the case and so reads it a second time. Returns for
/// each whether it is new. Keeps assignments whose id is stored already, so that a file can be uploaded again.
pub async fn add(connection: &mut PgConnection, assignments: &[Assignment]) -> Result<Vec<bool>, StoreError> {
    let mut transaction = locked(connection).await?;
    let columns = Columns::of(assignments);
    let outcomes = sqlx::query!(
        r#"WITH uploaded AS MATERIALIZED (
             SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[],
                 $9::integer[]) WITH ORDINALITY
               AS uploaded (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability, rl_run_id,
                 place)),
           added AS (
             INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, arm, policy_id, allocation_probability,
               rl_run_id)
             SELECT id, user_email, case_id, path_config::json, experiment_id, arm, policy_id, allocation_probability, rl_run_id
             FROM uploaded ORDER BY place
             ON CONFLICT (id) DO NOTHING RETURNING id)
           SELECT id IN (SELECT id FROM added) AS "is_new!",
                  EXISTS (SELECT FROM display_config
                          WHERE display_config.id = uploaded.id
                            AND (display_config.user_email, display_config.case_id)
                              IS DISTINCT FROM (uploaded.user_email, uploaded.case_id)) AS "is_taken!"
           FROM uploaded ORDER BY place"#,
        &columns.id as &[&str],
        &columns.user_email as &[&str],
        &columns.case_id,
        &columns.path_config as &[&str],
        &columns.experiment_id as &[Option<&str>],
        &columns.arm as &[Option<&str>],
        &columns.policy_id as &[Option<&str>],
        &columns.allocation_probability as &[Option<f64>],
        &columns.rl_run_id as &[Option<i32>]
    );
    let outcomes = outcomes.fetch_all(&mut *transaction).await?;
    if outcomes.iter().any(|outcome| outcome.is_taken) {
        return Err(StoreError::SameId);
    }
    assignment::keep_physical_order(&mut transaction, columns.user_email.iter().copied()).await?;
    transaction.commit().await?;
    Ok(outcomes.iter().map(|outcome| outcome.is_new).collect())
}

async fn locked(connection: &mut PgConnection) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    assignment::lock(&mut transaction).await?;
    Ok(transaction)
}

/// One array per column, so that a statement takes any number of rows.
#[derive(Default)]
struct Columns<'a> {
    id: Vec<&'a str>,
    user_email: Vec<&'a str>,
    case_id: Vec<i32>,
    path_config: Vec<&'a str>,
    experiment_id: Vec<Option<&'a str>>,
    arm: Vec<Option<&'a str>>,
    policy_id: Vec<Option<&'a str>>,
    allocation_probability: Vec<Option<f64>>,
    rl_run_id: Vec<Option<i32>>,
    is_named: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of(assignments: &'a [Assignment]) -> Self {
        let mut columns = Self::default();
        for assignment in assignments {
            columns.id.push(&assignment.id);
            columns.user_email.push(&assignment.user_email);
            columns.case_id.push(assignment.case_id);
            columns.path_config.push(assignment.path_config.get());
            columns.experiment_id.push(assignment.labels.experiment_id.as_deref());
            columns.arm.push(assignment.labels.arm.as_deref());
            columns.policy_id.push(assignment.labels.policy_id.as_deref());
            columns.allocation_probability.push(assignment.labels.allocation_probability);
            columns.rl_run_id.push(assignment.labels.rl_run_id);
            columns.is_named.push(assignment.is_named);
        }
        columns
    }
}
