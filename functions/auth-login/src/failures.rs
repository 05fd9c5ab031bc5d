//! Wrong passwords are counted by account, in the database and so across processes: after ten within fifteen minutes of the first, no
//! password is right until those are over. A login or a reset of the password forgets them. Where there is no password to guess,
//! nothing is counted.

use shared::db::Database;
use shared::{ApiError, Business};

/// So many passwords may be wrong.
pub(crate) const MOST: i32 = 10;

/// Refuses while the address is blocked, for so many seconds.
pub(crate) fn refuse_if_blocked(seconds: Option<i32>) -> Result<(), ApiError> {
    match seconds {
        None => Ok(()),
        Some(seconds) => {
            Err(ApiError::BusinessFor { error: Business::TooManyFailedLogins, seconds: seconds.max(1).unsigned_abs() })
        }
    }
}

/// Counts one more, and takes away some of other addresses that are over. Refuses when others were counted meanwhile, as of many
/// guesses at once.
pub(crate) async fn count(db: &Database, address_hash: &str) -> Result<(), ApiError> {
    let blocked_seconds = sqlx::query_scalar!(
        r#"WITH over AS (
             DELETE FROM login_failure WHERE address_hash IN (
               SELECT address_hash FROM login_failure WHERE forgotten_at < now() AND address_hash <> $1
               ORDER BY forgotten_at LIMIT 10 FOR UPDATE SKIP LOCKED))
           INSERT INTO login_failure AS counted (address_hash, failures, forgotten_at)
           VALUES ($1, 1, now() + interval '15 minutes')
           ON CONFLICT (address_hash) DO UPDATE
           SET failures = CASE WHEN counted.forgotten_at > now() THEN counted.failures + 1 ELSE 1 END,
               forgotten_at = CASE WHEN counted.forgotten_at > now() THEN counted.forgotten_at ELSE excluded.forgotten_at END
           RETURNING CASE WHEN failures > $2 THEN ceil(extract(epoch FROM forgotten_at - now()))::integer END"#,
        address_hash,
        MOST
    )
    .fetch_one(db)
    .await?;
    refuse_if_blocked(blocked_seconds)
}

/// The password was right: forgets the failures, unless there were too many meanwhile.
pub(crate) async fn forget(db: &Database, address_hash: &str) -> Result<(), ApiError> {
    let blocked_seconds = sqlx::query_scalar!(
        r#"WITH forgotten AS (
             DELETE FROM login_failure WHERE address_hash = $1 AND (failures < $2 OR forgotten_at <= now()))
           SELECT ceil(extract(epoch FROM forgotten_at - now()))::integer
           FROM login_failure WHERE address_hash = $1 AND failures >= $2 AND forgotten_at > now()"#,
        address_hash,
        MOST
    )
    .fetch_optional(db)
    .await?;
    refuse_if_blocked(blocked_seconds.flatten())
}
