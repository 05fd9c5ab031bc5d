//! The statements of `/admin/users`.

use std::collections::HashMap;

use serde::Serialize;
use shared::db::Database;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::invitation::Invitation;

/// A row of `"user"`, without credentials.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    id: i32,
    name: Option<String>,
    email: String,
    position: Option<String>,
    employer: Option<String>,
    area_of_clinical_ex: Option<String>,
    active: Option<bool>,
    admin_flag: Option<bool>,
}

/// The key of the advisory lock that serializes invitations: `invite` in ASCII. All advisory locks of a database share
/// one key space, and migrations have `augmed` (`migrate::RUN_LOCK`).
const INVITATION_LOCK: i64 = 0x696e_7669_7465;

/// The outcome of withdrawing an invitation.
pub enum Withdrawn {
    /// The account and its links were deleted.
    Gone,
    /// There is no such account.
    Unknown,
    /// The account has signed up, is active, or was deactivated, and is kept.
    HasSignedUp,
}

/// Deletes an account that has never signed up, and its links. Keeps its assignments.
pub async fn withdraw(connection: &mut PgConnection, id: i32) -> Result<Withdrawn, sqlx::Error> {
    let account = sqlx::query!(
        r#"WITH account AS (SELECT id FROM "user" WHERE id = $1),
             gone AS (DELETE FROM "user" WHERE id = $1 AND active IS NOT TRUE AND password IS NULL RETURNING email),
             links AS (DELETE FROM reset_password_token WHERE email IN (SELECT email FROM gone))
           SELECT EXISTS (SELECT FROM account) AS "exists!", EXISTS (SELECT FROM gone) AS "is_gone!""#,
        id
    )
    .fetch_one(connection)
    .await?;
    Ok(match (account.exists, account.is_gone) {
        (_, true) => Withdrawn::Gone,
        (true, false) => Withdrawn::HasSignedUp,
        (false, false) => Withdrawn::Unknown,
    })
}

impl Account {
    pub(crate) fn id(&self) -> i32 {
        self.id
    }
}

/// Reads the accounts after the one with the id `after`, ordered by id: at most `most`, or all without a limit.
pub(crate) async fn all(db: &Database, after: Option<i32>, most: Option<i64>) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, name, email, position, employer, area_of_clinical_ex, active, admin_flag FROM "user"
           WHERE $1::int IS NULL OR id > $1 ORDER BY id LIMIT $2"#,
        after,
        most
    )
    .fetch_all(db)
    .await
}

/// Adds invited accounts whose addresses do not exist yet, ignoring case and surrounding blanks, as `account_named` does.
/// Returns the ids of the added accounts by
/// address. The first of several equal addresses counts.
pub async fn add(
    connection: &mut PgConnection,
    invitations: &[Invitation],
) -> Result<HashMap<String, i32>, sqlx::Error> {
    fn column<'a, T>(invitations: &'a [Invitation], field: impl Fn(&'a Invitation) -> T) -> Vec<T> {
        invitations.iter().map(field).collect()
    }
    // the unique key is case-sensitive, so a lock serializes invitations; signups and resets do not wait for it
    sqlx::query!("SELECT pg_advisory_xact_lock($1) AS locked", INVITATION_LOCK).fetch_one(&mut *connection).await?;
    let added = sqlx::query!(
        r#"WITH invited AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
               AS invited (email, name, position, employer, area_of_clinical_ex, place)),
             first_of_its_address AS (SELECT DISTINCT ON (lower(btrim(email))) * FROM invited ORDER BY lower(btrim(email)), place)
           INSERT INTO "user" (email, name, position, employer, area_of_clinical_ex, active, admin_flag, created_timestamp, modified_timestamp)
           SELECT email, name, position, employer, area_of_clinical_ex, false, false, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
           FROM first_of_its_address
           WHERE NOT EXISTS (SELECT FROM "user" WHERE lower(btrim("user".email)) = lower(btrim(first_of_its_address.email)))
           ORDER BY place
           RETURNING email, id"#,
        &column(invitations, |invitation| invitation.email.clone()),
        &column(invitations, |invitation| invitation.name.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.position.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.employer.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.area_of_clinical_ex.clone()) as &[Option<String>]
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(added.into_iter().map(|account| (account.email, account.id)).collect())
}
