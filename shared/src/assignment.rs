//! The id of an assignment (`display_config.id`), and the locking and ordering rules for code that writes assignments.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use sqlx::postgres::PgConnection;
use uuid::{Builder, Uuid};

/// Returns the hex form of UUIDv5(namespace URL, `"<user>-<case>-<json>"`), with `path_config` as written by
/// [`crate::python::json_dumps`] (contract section 6). Stored answers refer to these ids, so they must never change.
pub fn id(user_email: &str, case_id: i32, path_config: &str) -> String {
    let name = format!("{user_email}-{case_id}-{path_config}");
    uuid_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
}

/// Computes [`Uuid::new_v5`], a hundred times faster in debug builds: an upload needs 100,000 ids.
fn uuid_v5(namespace: &Uuid, name: &[u8]) -> Uuid {
    let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(namespace.as_bytes());
    sha1.update(name);
    let mut bytes = uuid::Bytes::default();
    let length = bytes.len();
    bytes.copy_from_slice(&sha1.finish().as_ref()[..length]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// Takes a table lock that serializes transactions that write several assignments; readers do not wait. Without the
/// lock, two transactions that write the same rows in different orders would deadlock.
pub async fn lock(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("LOCK TABLE display_config IN SHARE ROW EXCLUSIVE MODE").execute(transaction).await?;
    Ok(())
}

/// Rewrites assignments until the rows of each of these participants are stored in upload order. The old service reads
/// them without `ORDER BY`, so the physical order is the order in which it serves cases. An `UPDATE` moves its row, and
/// an `INSERT` fills gaps. `participants` has one entry per written row.
///
/// Call this function last in a transaction that holds [`lock`]. If it would exceed the request's deadline, it logs a
/// warning and stops. The old service may then serve some cases in another order, as it does after its own uploads of
/// rows of very different sizes.
pub async fn keep_physical_order<'a>(
    transaction: &mut PgConnection,
    participants: impl Iterator<Item = &'a str>,
) -> Result<(), sqlx::Error> {
    let (mut rows, mut distinct) = (0, BTreeSet::new());
    for participant in participants {
        rows += 1;
        distinct.insert(participant);
    }
    let participants: Vec<&str> = distinct.into_iter().collect();
    let begun = Instant::now();
    for some in participants.chunks(PARTICIPANTS_PER_STATEMENT) {
        loop {
            if rows > MAX_ROWS || begun.elapsed() >= MAX_MOVE_TIME {
                tracing::warn!(rows, "assignments may not be stored in upload order");
                return Ok(());
            }
            // a small row may fill a gap in an earlier page, so rows may have to move again, but fewer each time
            if move_misplaced(transaction, some).await? == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// Larger uploads are not rewritten: the page that waits for them would wait too long.
const MAX_ROWS: usize = 20_000;
/// A request has 4.5 seconds for everything.
const MAX_MOVE_TIME: Duration = Duration::from_secs(2);
/// Bounds one statement, so that the elapsed time is checked often enough.
const PARTICIPANTS_PER_STATEMENT: usize = 20;

/// Rewrites all rows from the first misplaced assignment of each participant on; a row is misplaced if it is stored
/// before its predecessor. Returns how many rows moved.
async fn move_misplaced(transaction: &mut PgConnection, participants: &[&str]) -> Result<u64, sqlx::Error> {
    let moved = sqlx::query!(
        "WITH placed AS (
           SELECT user_email, upload_order, ctid < lag(ctid) OVER (PARTITION BY user_email ORDER BY upload_order) AS is_misplaced
           FROM display_config
           WHERE user_email = ANY($1) AND upload_order >= '-9223372036854775808'::bigint),
         misplaced AS (
           SELECT user_email, min(upload_order) AS first FROM placed WHERE is_misplaced GROUP BY user_email),
         taken AS (
           DELETE FROM display_config USING misplaced
           WHERE display_config.user_email = misplaced.user_email AND upload_order >= first
             AND upload_order >= '-9223372036854775808'::bigint
           RETURNING display_config.*)
         INSERT INTO display_config SELECT * FROM taken ORDER BY user_email, upload_order",
        participants as &[&str]
    );
    Ok(moved.execute(transaction).await?.rows_affected())
}

/// Describes a valid allocation probability in error messages.
pub const ALLOCATION_PROBABILITY: &str = "a number above 0 and at most 1";

/// Returns whether `number` can be the probability of an assignment that was drawn: above 0 and at most 1.
#[must_use]
pub fn is_allocation_probability(number: f64) -> bool {
    0.0 < number && number <= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_match_the_old_system() {
        let unicode = r#"[{"path": "\u00dcn\u00ef.\u7cd6\u5c3f\u75c5: \u662f \ud83d\ude00"}]"#;

        assert_eq!(id("alice@contract.test", 1, r#"[{"path": "A.B"}]"#), "b6e4dfdd7b075dc2afc9f8bece7d8d1d");
        assert_eq!(id("ünï@contract.test", 9, unicode), "e0156460e5c553888594eb5146f78fec");
    }

    #[test]
    fn uuids_match_the_uuid_crate() {
        for name in ["", "https://example.org/", &"x".repeat(1000)] {
            let name = name.as_bytes();
            assert_eq!(uuid_v5(&Uuid::NAMESPACE_URL, name), Uuid::new_v5(&Uuid::NAMESPACE_URL, name));
        }
    }
}
