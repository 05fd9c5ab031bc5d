//! Transient errors of PostgreSQL become 503 with `Retry-After`.

use sqlx::{Connection as _, Executor as _};
use tests::app::TestApp;
use tests::db::TestDb;

/// PostgreSQL reports SQLSTATE 55000.
#[tokio::test]
async fn a_database_that_accepts_no_connections_is_503() {
    let api = TestApp::with_contract_data().await;
    let (name, elsewhere) = (&api.db.name, another_database(&api.db));
    let mut admin = sqlx::PgConnection::connect(&elsewhere).await.unwrap();
    admin.execute(&*format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await.unwrap();

    let answer = api.get("/api/cases", Some(&api.token_for("bob@contract.test"))).await;

    admin.execute(&*format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"), "{:?}", answer.json());
}

/// The classes are 08, 53, 55, 57 and 58.
#[tokio::test]
async fn each_class_of_transient_errors_is_503() {
    let api = TestApp::with_contract_data().await;

    for (sqlstate, status) in
        [("08006", 503), ("53300", 503), ("55P03", 503), ("57P01", 503), ("58030", 503), ("22P02", 400), ("XX000", 500)]
    {
        let fail = format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$;
             CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON answer_config FOR EACH ROW EXECUTE FUNCTION fail()"
        );
        api.pool().execute(&*fail).await.unwrap();
        let questions = serde_json::json!([{"type": "Text", "title": "Why?"}]);

        let answer = api.send_with_key(http::Method::POST, "/admin/config/answer", &questions).await;

        assert_eq!(answer.status.as_u16(), status, "{sqlstate}: {:?}", answer.json());
        assert_eq!(answer.header("retry-after").is_empty(), status != 503, "{sqlstate}");
    }
}

fn another_database(db: &TestDb) -> String {
    db.url().replace(&db.name, "postgres")
}
