//! The login of the application role: who may create it, and its password on a server that asks for it.

use std::fs;
use std::time::Duration;

use local::postgres::{Config, Server};
use migrate::Runner;
use migrate::application_role::RoleReport;
use shared::config::MigrationUrls;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tests::db::TestDb;
use tokio::task::spawn_blocking;
use url::Url;

use crate::support::{execute, texts, until};

const ROLE: &str = "augmed_api";

/// A server that asks [`ROLE`] for its password, and nobody else.
struct Guarded {
    server: Server,
    _directory: TempDir,
}

impl Guarded {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::test(directory.path().join("cluster")).linger(Duration::from_secs(1));
        let server = spawn_blocking(move || Server::start(&config)).await.unwrap().unwrap();
        let rules = format!("local all {ROLE} scram-sha-256\nlocal all all trust\n");
        fs::write(server.directory().join("data/pg_hba.conf"), rules).unwrap();
        let mut owner = PgConnection::connect(&server.url("postgres")).await.unwrap();
        owner.execute("SELECT pg_reload_conf()").await.unwrap();
        let guarded = Self { server, _directory: directory };
        let loaded = "SELECT count(*) = 2 FROM pg_hba_file_rules WHERE error IS NULL";
        until(async || sqlx::query_scalar(loaded).fetch_one(&mut owner).await.unwrap()).await;
        guarded
    }

    fn url(&self, password: &str) -> String {
        let mut url: Url = self.server.url("postgres").parse().unwrap();
        url.set_username(ROLE).unwrap();
        url.set_password(Some(password)).unwrap();
        url.into()
    }

    async fn up(&self, password: &str) -> RoleReport {
        up(&self.url(password), &self.server.url("postgres")).await.unwrap()
    }

    async fn accepts(&self, password: &str) -> bool {
        PgConnection::connect(&self.url(password)).await.is_ok()
    }
}

async fn up(application: &str, owner: &str) -> Result<RoleReport, migrate::Error> {
    let urls = MigrationUrls::new(application.into(), Some(owner.into()), None);
    Ok(Runner::of_urls(&urls)?.up(None).await?.application_role.unwrap())
}

#[tokio::test]
async fn the_role_logs_in_with_the_password_of_the_address() {
    let guarded = Guarded::start().await;

    let report = guarded.up("first").await;
    assert!(report.created);
    assert_eq!((guarded.accepts("first").await, guarded.accepts("second").await), (true, false));

    let report = guarded.up("second").await;
    assert_eq!(report.to_string(), "application role augmed_api: already exists, password set");
    assert_eq!((guarded.accepts("first").await, guarded.accepts("second").await), (false, true));
}

#[tokio::test]
async fn a_login_that_fails_for_another_reason_changes_no_password() {
    let db = TestDb::new().await;
    let name = format!("test_role_{:016x}", rand::random::<u64>());
    let url = db.url().replace("//postgres@", &format!("//{name}:first@"));
    up(&url, &db.url()).await.unwrap();
    let password = format!("SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'");
    let before = texts(&db, &password).await;
    execute(&db, &format!("ALTER ROLE {name} CONNECTION LIMIT 0")).await;

    let said = up(&url, &db.url()).await.unwrap_err().to_string();

    assert!(said.contains("too many connections for role"), "{said}");
    assert_eq!(texts(&db, &password).await, before);
    execute(&db, &format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;
}

#[tokio::test]
async fn an_owner_that_may_not_create_roles_is_told_what_to_do() {
    let db = TestDb::new().await;
    let owner = format!("test_owner_{:016x}", rand::random::<u64>());
    execute(&db, &format!("CREATE ROLE {owner} LOGIN; GRANT ALL ON SCHEMA public TO {owner}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {owner}")).await;
    let [application, owner_url] =
        ["nobody:first", owner.as_str()].map(|user| db.url().replace("//postgres@", &format!("//{user}@")));

    let said = up(&application, &owner_url).await.unwrap_err().to_string();

    assert!(said.contains("may not CREATE ROLE") && said.contains("give it CREATEROLE"), "{said}");
    execute(&db, &format!("DROP OWNED BY {owner}; DROP ROLE {owner}")).await;
}
