//! The id of an assignment (`display_config.id`), and the lock of those who write assignments.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use sqlx::postgres::PgConnection;
use uuid::{Builder, Uuid};

/// The hex form of UUIDv5(namespace URL, `"<user>-<case>-<json>"`), `path_config` as [`crate::python::json_dumps`] writes it
/// (contract section 6): answers of a running study refer to these ids.
pub fn id(user_email: &str, case_id: i32, path_config: &str) -> String {
    let name = format!("{user_email}-{case_id}-{path_config}");
    uuid_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
}

/// [`Uuid::new_v5`], a hundred times as fast in debug builds: an upload needs 100,000 of them.
fn uuid_v5(namespace: &Uuid, name: &[u8]) -> Uuid {
    let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(namespace.as_bytes());
    sha1.update(name);
    let mut bytes = uuid::Bytes::default();
    let length = bytes.len();
    bytes.copy_from_slice(&sha1.finish().as_ref()[..length]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// Who writes several assignments waits for the others until its transaction ends, and readers for nobody: two that wrote the
/// same rows in different orders would wait for each other.
pub async fn lock(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("LOCK TABLE display_config IN SHARE ROW EXCLUSIVE MODE").execute(transaction).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_old_system() {
        let unicode = r#"[{"path": "\u00dcn\u00ef.\u7cd6\u5c3f\u75c5: \u662f \ud83d\ude00"}]"#;

        assert_eq!(id("alice@contract.test", 1, r#"[{"path": "A.B"}]"#), "b6e4dfdd7b075dc2afc9f8bece7d8d1d");
        assert_eq!(id("ünï@contract.test", 9, unicode), "e0156460e5c553888594eb5146f78fec");
    }

    #[test]
    fn uuids_are_those_of_rfc_9562() {
        for name in ["", "https://example.org/", &"x".repeat(1000)] {
            let name = name.as_bytes();
            assert_eq!(uuid_v5(&Uuid::NAMESPACE_URL, name), Uuid::new_v5(&Uuid::NAMESPACE_URL, name));
        }
    }
}
