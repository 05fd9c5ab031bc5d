//! The login of the application role: who may create it, and its password on a server that asks for it.

use sqlx::{Connection as _, PgConnection};
use tests::db::TestDb;
use tests::password_server::PasswordServer;

use crate::application_role::migrated_with_role;
use crate::support::{execute, texts, up_with_role};

#[tokio::test]
async fn the_role_logs_in_with_the_password_of_the_address() {
    let server = PasswordServer::start("augmed_api").await;
    let up = async |password| up_with_role(&server.url(password), &server.admin_url()).await.unwrap();
    let accepts = async |password| PgConnection::connect(&server.url(password)).await.is_ok();

    let report = up("first").await;
    assert!(report.created);
    assert_eq!((accepts("first").await, accepts("second").await), (true, false));

    let report = up("second").await;
    assert_eq!(report.to_string(), "application role augmed_api: already exists, password set");
    assert_eq!((accepts("first").await, accepts("second").await), (false, true));
}

#[tokio::test]
async fn a_login_that_fails_for_another_reason_changes_no_password() {
    let (db, role) = migrated_with_role().await;
    let password = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{}'", role.name);
    let before = texts(&db, &password).await;
    execute(&db, &format!("ALTER ROLE {} CONNECTION LIMIT 0", role.name)).await;

    let said = role.up().await.unwrap_err().to_string();

    assert!(said.contains("too many connections for role"), "{said}");
    assert_eq!(texts(&db, &password).await, before);
    role.drop(&db).await;
}

#[tokio::test]
async fn an_owner_that_may_not_create_roles_is_told_what_to_do() {
    let db = TestDb::new().await;
    let owner = format!("test_owner_{:016x}", rand::random::<u64>());
    execute(&db, &format!("CREATE ROLE {owner} LOGIN; GRANT ALL ON SCHEMA public TO {owner}")).await;
    execute(&db, &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {owner}")).await;
    let [application, owner_url] =
        ["nobody:first", owner.as_str()].map(|user| db.url().replace("//postgres@", &format!("//{user}@")));

    let said = up_with_role(&application, &owner_url).await.unwrap_err().to_string();

    assert!(said.contains("may not CREATE ROLE") && said.contains("give it CREATEROLE"), "{said}");
    execute(&db, &format!("DROP OWNED BY {owner}; DROP ROLE {owner}")).await;
}
