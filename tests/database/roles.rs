//! Search path and rights of roles.

use migrate::{Error, Runner, migrations};
use serde_json::json;
use sqlx::Executor as _;
use sqlx::postgres::PgConnectOptions;
use tests::app::TestApp;
use tests::db::TestDb;
use tests::logs::Logs;
use url::Url;

/// A separate role for each test, because tests share the server, to which roles belong.
struct Role<'a> {
    db: &'a TestDb,
    name: String,
}

impl<'a> Role<'a> {
    async fn in_database(db: &'a TestDb, rights: &str) -> Self {
        let name = format!("app_{}", db.name);
        let statements = format!("CREATE ROLE {name} LOGIN; {}", rights.replace("app", &name));
        db.pool.execute(statements.as_str()).await.unwrap();
        Self { db, name }
    }

    fn runner(&self) -> Runner {
        let options: PgConnectOptions = self.db.url().parse().unwrap();
        Runner::new(&options.username(&self.name))
    }

    async fn drop(self) {
        let statements = format!("REASSIGN OWNED BY {0} TO CURRENT_USER; DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        self.db.pool.execute(statements.as_str()).await.unwrap();
    }
}

/// Moves the tables to a schema of their own, as a team did.
const MOVED: &str =
    "ALTER SCHEMA public RENAME TO augmed; CREATE SCHEMA public; ALTER ROLE app SET search_path = augmed;
    GRANT ALL ON SCHEMA public, augmed TO app; GRANT ALL ON ALL TABLES IN SCHEMA augmed TO app";

/// Only the baseline changes `note_nlp`.
const OWNED_EXCEPT_ONE: &str = "
    GRANT CREATE ON SCHEMA public TO app;
    DO $$ DECLARE one text; BEGIN
      FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'note_nlp' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO app', one);
      END LOOP;
    END $$";

pub async fn a_study_in_another_schema_is_refused_by_the_name_of_the_schema() {
    let db = TestDb::of_the_old_system().await;
    let role = Role::in_database(&db, MOVED).await;

    for refused in [role.runner().up(None).await, role.runner().plan().await, role.runner().status().await] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("alembic_version is in schema augmed"), "{error}");
    }
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(made, 0, "nothing was created next to the real schema");
    role.drop().await;
}

pub async fn a_role_without_public_in_its_search_path_is_refused() {
    let db = TestDb::new().await;
    let role = Role::in_database(&db, "ALTER ROLE app SET search_path = elsewhere").await;

    let error = role.runner().status().await.unwrap_err().to_string();

    assert!(error.contains("lacks schema public") && error.contains(&role.name), "{error}");
    role.drop().await;
}

pub async fn plan_lists_missing_rights_before_up_fails() {
    let db = TestDb::of_the_old_system().await;
    let role = Role::in_database(&db, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO app").await;
    let before: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class").fetch_one(&db.pool).await.unwrap();

    for refused in [role.runner().plan().await, role.runner().up(None).await] {
        let error = refused.unwrap_err();
        assert!(matches!(&error, Error::Privileges { .. }), "{error}");
        let (error, name) = (error.to_string(), &role.name);
        assert!(error.contains(&format!("GRANT CREATE ON SCHEMA public TO {name}")), "{error}");
        assert!(error.contains(&format!("ALTER TABLE answer OWNER TO {name}")), "{error}");
    }
    let after: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_class").fetch_one(&db.pool).await.unwrap();
    assert_eq!(before, after);
    role.drop().await;
}

pub async fn tables_that_no_pending_migration_changes_may_belong_to_others() {
    for (db, newest) in [(TestDb::of_the_old_system().await, None), (TestDb::empty().await, Some(migrations::BASELINE))]
    {
        if newest.is_some() {
            Runner::new(&db.url().parse().unwrap()).up(newest).await.unwrap();
        }
        let role = Role::in_database(&db, OWNED_EXCEPT_ONE).await;

        role.runner().up(None).await.unwrap();

        let owner: String = sqlx::query_scalar("SELECT tableowner::text FROM pg_tables WHERE tablename = 'note_nlp'")
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_ne!(owner, role.name);
        role.drop().await;
    }
}

pub async fn too_many_clients_are_overload() {
    let db = TestDb::new().await;
    let role = Role::in_database(&db, "ALTER ROLE app CONNECTION LIMIT 0").await;
    let mut url: Url = db.url().parse().unwrap();
    url.set_username(&role.name).unwrap();
    let app = TestApp::reaching(db, url.as_str()).await;
    let logs = Logs::of_this_thread();

    let answer = app.get("/api/cases", Some(&app.token_for("somebody@study.test"))).await;

    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    let line = &logs.lines("overloaded")[0];
    assert_eq!((&line["level"], &line["overload"]), (&json!("WARN"), &json!("connections")), "{line}");
    let statement = format!("DROP ROLE app_{}", app.db.name);
    app.pool().execute(statement.as_str()).await.unwrap();
}
