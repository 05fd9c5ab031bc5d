//! The statement of `POST /api/v1/configs/batch`.

use std::collections::HashSet;

use shared::assignment;
use sqlx::postgres::PgConnection;

use crate::entry::Assignment;

/// Adds the assignments whose id does not exist, in order. Returns the ids that were added. Stores an absent
/// `path_config` as JSON null rather than SQL NULL, as the old service does.
pub(crate) async fn store(
    connection: &mut PgConnection,
    assignments: &[&Assignment],
) -> Result<HashSet<String>, sqlx::Error> {
    fn column<'a, T>(assignments: &[&'a Assignment], field: impl Fn(&'a Assignment) -> T) -> Vec<T> {
        assignments.iter().map(|assignment| field(assignment)).collect()
    }
    assignment::lock(&mut *connection).await?;
    let ids = sqlx::query_scalar!(
        "INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, rl_run_id, arm, allocation_probability)
         SELECT id, user_email, case_id, path_config::json, experiment_id, rl_run_id, arm, allocation_probability
         FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::float8[])
                WITH ORDINALITY
           AS entry (id, user_email, case_id, path_config, experiment_id, rl_run_id, arm, allocation_probability, place)
         ORDER BY place
         ON CONFLICT (id) DO NOTHING RETURNING id",
        &column(assignments, |assignment| assignment.id.as_str()) as &[&str],
        &column(assignments, |assignment| assignment.user_email.as_str()) as &[&str],
        &column(assignments, |assignment| assignment.case_id),
        &column(assignments, |assignment| assignment.path_config.as_deref().unwrap_or("null")) as &[&str],
        &column(assignments, |assignment| assignment.experiment_id.as_deref()) as &[Option<&str>],
        &column(assignments, |assignment| assignment.rl_run_id) as &[Option<i32>],
        &column(assignments, |assignment| assignment.arm.as_deref()) as &[Option<&str>],
        &column(assignments, |assignment| assignment.allocation_probability) as &[Option<f64>]
    )
    .fetch_all(&mut *connection)
    .await?;
    assignment::keep_physical_order(connection, assignments.iter().map(|assignment| assignment.user_email.as_str()))
        .await?;
    Ok(ids.into_iter().collect())
}
