//! The application role may use the sequences that its inserts need.

use sqlx::Connection as _;

use crate::application_role::{migrated_with_role, refusal};
use crate::support::{execute, texts};

#[tokio::test]
async fn the_role_uses_only_sequences_of_tables_that_it_fills() {
    let (db, role) = migrated_with_role().await;

    for (sequence, is_used) in [("diagnose_id_seq", true), ("rl_run_id_seq", true), ("person_person_id_seq", false)] {
        let usage = format!("SELECT has_sequence_privilege('{}', '{sequence}', 'USAGE')::text", role.name);
        assert_eq!(texts(&db, &usage).await, [is_used.to_string()], "{sequence}");
    }
    role.drop(&db).await;
}

#[tokio::test]
async fn older_code_may_insert_after_a_newer_migration_adds_a_sequence() {
    let (db, role) = migrated_with_role().await;

    execute(&db, "CREATE SEQUENCE later; ALTER TABLE answer ADD COLUMN later bigint DEFAULT nextval('later')").await;

    let mut connection = role.connect().await;
    assert_eq!(refusal(&mut connection, "INSERT INTO answer (task_id) VALUES ('of-today')").await, None);
    connection.close().await.unwrap();
    role.drop(&db).await;
}
