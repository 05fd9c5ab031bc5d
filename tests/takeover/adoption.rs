//! Adoption of databases of the old system.

use std::collections::BTreeMap;

use migrate::{Error, State, migrations};
use tests::db::TestDb;

use crate::catalog::Catalog;
use crate::support::{execute, old_system, runner, texts};

#[tokio::test]
async fn a_single_up_adopts_a_database_of_the_old_system() {
    let db = old_system().await;

    let report = runner(&db).up(None).await.unwrap();

    assert_eq!((report.state, report.adopted), (State::OldSystem, true));
    assert_eq!(report.applied_now.len(), migrations::up().count() - 1);
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn adoption_does_not_change_rows() {
    let db = old_system().await;
    let before = rows_of_the_contract(&db).await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(rows_of_the_contract(&db).await, before);
    assert!(before["answer"].len() == 2 && before["display_config"].len() == 5);
}

#[tokio::test]
async fn the_old_system_still_finds_its_revision() {
    let db = old_system().await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, "SELECT version_num FROM alembic_version").await, ["a1b2c3d4e5f6"]);
}

#[tokio::test]
async fn adopt_records_the_baseline_and_applies_nothing() {
    let db = old_system().await;

    let report = runner(&db).adopt().await.unwrap();

    assert!(report.adopted && report.applied_now.is_empty());
    assert_eq!(report.pending.len(), migrations::up().count() - 1);
    Catalog::of(&db).await.assert_is(&Catalog::of_the_contract());
    assert!(!runner(&db).adopt().await.unwrap().adopted);
}

#[tokio::test]
async fn an_empty_database_cannot_be_adopted() {
    let db = TestDb::empty().await;

    assert!(matches!(runner(&db).adopt().await, Err(Error::NothingToAdopt)));
}

#[tokio::test]
async fn a_different_schema_is_refused_with_all_differences() {
    let db = old_system().await;
    execute(
        &db,
        "DROP TABLE note_nlp;
         ALTER TABLE answer ALTER COLUMN ai_score_shown DROP DEFAULT;
         ALTER TABLE analytics DROP CONSTRAINT uq_analytics_user_case;
         ALTER TABLE display_config ADD COLUMN upload_order bigint;
         ALTER TABLE person ALTER COLUMN year_of_birth TYPE bigint;
         CREATE UNIQUE INDEX one_case ON answer (case_id);
         CREATE RULE keep AS ON DELETE TO answer DO INSTEAD NOTHING",
    )
    .await;

    let said = refusal(&db).await;

    for difference in [
        "table note_nlp is missing",
        "column answer.ai_score_shown should be `boolean DEFAULT false NOT NULL`, is `boolean NOT NULL`",
        "constraint analytics.uq_analytics_user_case is missing: `UNIQUE (user_email, case_config_id)`",
        "column display_config.upload_order is unknown",
        "column person.year_of_birth should be `integer NOT NULL`, is `bigint NOT NULL`",
        "table answer has the unique index one_case",
        "table answer has the rule keep",
    ] {
        assert!(said.contains(difference), "missing from the error: {difference}\n{said}");
    }
    assert_eq!(said.matches("\n- ").count(), 7, "{said}");
}

#[tokio::test]
async fn foreign_triggers_row_security_and_references_are_refused() {
    let db = old_system().await;
    execute(
        &db,
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER audit BEFORE INSERT ON answer FOR EACH ROW EXECUTE FUNCTION audit();
         ALTER TABLE answer ENABLE ROW LEVEL SECURITY;
         CREATE TABLE remark (answer_id integer REFERENCES answer);
         CREATE INDEX answer_user_email_task_id_idx ON answer (id)",
    )
    .await;

    let said = refusal(&db).await;

    for obstacle in [
        "table answer has the trigger audit",
        "table answer has row level security",
        "table answer is referenced by remark",
        "the name answer_user_email_task_id_idx is taken",
    ] {
        assert!(said.contains(obstacle), "missing from the error: {obstacle}\n{said}");
    }
}

#[tokio::test]
async fn foreign_tables_views_and_plain_indexes_are_accepted() {
    let db = old_system().await;
    execute(
        &db,
        "CREATE TABLE scratch_of_a_researcher AS SELECT * FROM answer;
         CREATE VIEW answers_per_reader AS SELECT user_email, count(*) FROM answer GROUP BY 1;
         CREATE INDEX quick ON observation (person_id)",
    )
    .await;

    assert!(runner(&db).up(None).await.unwrap().adopted);
}

#[tokio::test]
async fn any_other_revision_is_refused() {
    for (change, found) in [
        ("UPDATE alembic_version SET version_num = '0123456789ab'", "0123456789ab"),
        ("INSERT INTO alembic_version VALUES ('0123456789ab')", "0123456789ab, a1b2c3d4e5f6"),
        ("DELETE FROM alembic_version", "nothing"),
    ] {
        let db = old_system().await;
        execute(&db, change).await;

        let said = refusal(&db).await;

        assert!(said.starts_with(&format!("alembic_version holds {found};")), "{said}");
    }
}

#[tokio::test]
async fn an_adopted_database_with_a_newer_revision_of_the_old_system_is_refused() {
    let db = old_system().await;
    runner(&db).adopt().await.unwrap();
    execute(&db, "UPDATE alembic_version SET version_num = '0123456789ab'").await;

    assert!(matches!(runner(&db).up(None).await, Err(Error::Revision(_))));
}

#[tokio::test]
async fn an_adopted_database_cannot_be_reverted_to_nothing() {
    let db = old_system().await;
    runner(&db).up(None).await.unwrap();

    assert!(matches!(runner(&db).down(Some(0)).await, Err(Error::StillOldSystem)));
}

#[tokio::test]
async fn down_to_the_baseline_restores_the_old_systems_schema() {
    let db = old_system().await;
    let before = rows_of_the_contract(&db).await;
    runner(&db).up(None).await.unwrap();

    runner(&db).down(Some(migrations::BASELINE)).await.unwrap();

    Catalog::of(&db).await.assert_is(&Catalog::of_the_contract());
    assert_eq!(rows_of_the_contract(&db).await, before);
}

/// Returns the error of `up`, and verifies that it changed nothing.
async fn refusal(db: &TestDb) -> String {
    let (catalog, rows) = (Catalog::of(db).await, rows_of_the_contract(db).await);
    let error = runner(db).up(None).await.unwrap_err();
    Catalog::of(db).await.assert_is(&catalog);
    assert_eq!(rows_of_the_contract(db).await, rows);
    assert_eq!(
        texts(db, "SELECT relname::text FROM pg_class WHERE relname = '_sqlx_migrations'").await,
        Vec::<String>::new()
    );
    error.to_string()
}

/// Returns all rows of all tables as text, without the columns and tables that our migrations add.
async fn rows_of_the_contract(db: &TestDb) -> BTreeMap<String, Vec<String>> {
    let (contract, today) = (Catalog::of_the_contract(), Catalog::current());
    let mut rows = BTreeMap::new();
    for table in texts(db, TABLES).await {
        let columns: Vec<_> =
            contract.columns(&table).into_iter().map(|column| format!("\"{column}\"::text")).collect();
        if columns.is_empty() && !today.columns(&table).is_empty() {
            continue;
        }
        let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
        let query = format!("SELECT r::text FROM (SELECT {columns} FROM \"{table}\") r ORDER BY 1");
        rows.insert(table, texts(db, &query).await);
    }
    rows
}

const TABLES: &str = "
    SELECT table_name::text FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_sqlx_migrations'";
