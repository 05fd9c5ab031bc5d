//! Exposures: the record of what participants were shown.

use sha2::{Digest as _, Sha256};
use shared::db::Database;
use shared::version;

/// A page about to be sent.
pub(crate) struct Page<'a> {
    /// The assignment's id.
    pub task_id: &'a str,
    pub user_email: &'a str,
    pub case_id: i32,
    /// The body of the answer.
    pub content: &'a [u8],
    /// The score as shown on the page.
    pub ai_score: Option<&'a str>,
}

/// The page served last for the same assignment.
#[derive(Debug)]
pub(crate) struct LastExposure {
    pub id: i64,
    pub sha256: Vec<u8>,
    /// Whether `last_shown_at` is more than an hour ago.
    pub is_stale: bool,
}

/// Records `page` before it is sent, so that no participant sees an unrecorded page. Writes nothing if the same page
/// was served within the hour, so that navigating back and forth takes no second round trip.
pub(crate) async fn record(db: &Database, page: &Page<'_>, last: Option<LastExposure>) -> Result<(), sqlx::Error> {
    let sha256 = Sha256::digest(page.content);
    match last {
        Some(last) if last.sha256 == sha256.as_slice() => {
            if last.is_stale {
                sqlx::query!("UPDATE exposure SET last_shown_at = now() WHERE id = $1", last.id).execute(db).await?;
            }
            Ok(())
        }
        last => insert(db, page, &sha256, last.map_or(0, |last| last.id)).await,
    }
}

/// Stores a page and its exposure, even if an upload deletes the assignment meanwhile.
async fn insert(db: &Database, page: &Page<'_>, sha256: &[u8], previous_id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH stored AS (
             INSERT INTO shown_page (sha256, content, ai_score) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING)
         INSERT INTO exposure (task_id, user_email, case_id, sha256, previous_id, code_version,
                               experiment_id, arm, rl_run_id, policy_id, allocation_probability)
         SELECT $4, $5, $6, $1, $7, $8, experiment_id, arm, rl_run_id, policy_id, allocation_probability
         FROM (VALUES (1)) AS always LEFT JOIN display_config ON id = $4 AND display_config.user_email = $5 AND case_id = $6
         ON CONFLICT (task_id, user_email, case_id, previous_id, sha256) DO NOTHING",
        sha256,
        page.content,
        page.ai_score,
        page.task_id,
        page.user_email,
        page.case_id,
        previous_id,
        version::text()
    )
    .execute(db)
    .await?;
    Ok(())
}
