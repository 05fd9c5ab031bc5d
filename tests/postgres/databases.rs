//! Databases of tests.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use tests::db::{Template, TestDb};

async fn tables(db: &TestDb) -> Vec<String> {
    let sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    sqlx::query_scalar(sql).fetch_all(&db.pool).await.unwrap()
}

async fn exists(db: &TestDb, name: &str) -> bool {
    let sql = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    sqlx::query_scalar(sql).bind(name).fetch_one(&db.pool).await.unwrap()
}

#[tokio::test]
async fn a_new_database_has_the_current_schema_and_no_rows() {
    let db = TestDb::new().await;
    assert!(tables(&db).await.contains(&"display_config".to_owned()));
    let users: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "user""#).fetch_one(&db.pool).await.unwrap();
    assert_eq!(users, 0);
}

#[tokio::test]
async fn an_empty_database_has_no_tables() {
    assert_eq!(tables(&TestDb::empty().await).await, [""; 0]);
}

#[tokio::test]
async fn tests_have_separate_databases() {
    let (one, other) = (TestDb::new().await, TestDb::new().await);
    one.pool.execute("CREATE TABLE mine ()").await.unwrap();
    assert!(!tables(&other).await.contains(&"mine".to_owned()));
}

#[tokio::test]
async fn the_url_connects_to_the_same_database() {
    let db = TestDb::new().await;
    let mut connection = db.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()::text").fetch_one(&mut connection).await.unwrap();
    assert_eq!(name, db.name);
}

#[tokio::test]
async fn a_database_can_have_the_contracts_data() {
    let db = TestDb::with_contract_data().await;
    let users: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "user""#).fetch_one(&db.pool).await.unwrap();
    assert!(users > 0);
}

#[tokio::test]
async fn a_template_is_filled_once_for_each_content() {
    let content = rand::random::<u64>().to_string();
    let fill = async |options: &PgConnectOptions| {
        options.connect().await?.execute("CREATE TABLE filled ()").await?;
        Ok(())
    };
    let first = Template::filled("once", &content, None, fill).await;
    let again = Template::filled("once", &content, None, async |_: &PgConnectOptions| Err("filled again".into())).await;
    assert_eq!(tables(&TestDb::from_template(&first).await).await, ["filled"]);
    assert_eq!(tables(&TestDb::from_template(&again).await).await, ["filled"]);
}

#[tokio::test]
async fn the_database_of_a_test_that_passed_is_dropped_and_that_of_a_failed_one_stays() {
    let passed = TestDb::empty().await.name.clone();
    let failed = TestDb::empty().await;
    let failed_name = failed.name.clone();
    let failing = tokio::spawn(async move {
        let _db = failed;
        panic!("this test fails on purpose");
    });
    assert!(failing.await.is_err());

    let mut db = TestDb::empty().await;
    while exists(&db, &passed).await {
        db = TestDb::empty().await;
    }

    assert!(exists(&db, &failed_name).await);
}
