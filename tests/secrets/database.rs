//! Rotation of the database's password.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use migrate::Runner;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Executor as _, PgConnection};
use tests::password_server::PasswordServer;

use crate::api::{Api, DATABASE_URL, put_secrets, until};
use crate::load::Load;
use crate::moto::Moto;

const CONTRACT_DATA: &str = include_str!("../fixtures/contract/fixture.sql");
const REFUSED_PASSWORD: &str = "password authentication failed";
const ROLE: &str = "augmed_test";
const FIRST: &str = "first-pass-of-the-role";
const SECOND: &str = "second-pass-of-the-role";

pub async fn a_password_changes_under_load_and_no_request_fails() {
    let (moto, mut database) = (Moto::start().await, Database::start().await);
    put_secrets(&moto, &database.url(FIRST)).await;
    let api = Arc::new(Api::server(&moto).await);
    let token = api.log_in().await;
    let mut load = Load::start(&api, [token.clone()]);

    database.change_password(SECOND).await;
    // more clients need more connections, and new connections with the old password are refused from here on
    let before = database.said(REFUSED_PASSWORD);
    for _ in 0..4 {
        load.add(&api, token.clone());
    }
    until(async || database.said(REFUSED_PASSWORD) > before).await;
    moto.put_parameter(DATABASE_URL, &database.url(SECOND)).await;
    until(async || database.connections().await > 1).await;

    load.succeeded().await;
}

pub async fn a_function_reconnects_with_the_new_password() {
    let (moto, mut database) = (Moto::start().await, Database::start().await);
    put_secrets(&moto, &database.url(FIRST)).await;
    let api = Api::functions(&moto).await;
    let token = api.log_in().await;
    assert_eq!((api.cases(&token).await, api.participants().await), (StatusCode::OK, StatusCode::OK));

    database.change_password(SECOND).await;
    moto.put_parameter(DATABASE_URL, &database.url(SECOND)).await;
    database.end_connections().await;
    // a connection that was used within the last second is not tested
    tokio::time::sleep(Duration::from_millis(1100)).await;

    assert_eq!((api.cases(&token).await, api.participants().await), (StatusCode::OK, StatusCode::OK));
}

pub async fn a_secret_of_rds_provides_the_password() {
    let (moto, database) = (Moto::start().await, Database::start().await);
    put_secrets(&moto, "unused").await;
    moto.create_secret("rds", &json!({"username": ROLE, "password": FIRST})).await;
    let (host, port) = database.address();

    let api = Api::server_with(
        &moto,
        &[
            ("DATABASE_URL_PARAMETER", ""),
            ("POSTGRES_PASSWORD_PARAMETER", "/aws/reference/secretsmanager/rds"),
            ("POSTGRES_HOST", &host),
            ("POSTGRES_PORT", &port),
            ("POSTGRES_DB", "postgres"),
        ],
    )
    .await;

    api.log_in().await;
}

pub async fn a_database_that_does_not_exist_is_not_tried_with_another_password() {
    let (moto, database) = (Moto::start().await, Database::start().await);
    put_secrets(&moto, &database.url(FIRST).replace("/postgres?", "/nothing?")).await;
    let api = Api::server(&moto).await;
    let before = database.said("does not exist");

    let login = api.post("/api/auth/login", &json!({"email": "alice@contract.test", "password": "Alice-pass-1"})).await;

    assert!(login.status().is_server_error(), "{login:?}");
    assert_eq!(database.said("does not exist"), before + 1);
}

/// A server that requires the password of [`ROLE`], with the contract's data.
struct Database {
    server: PasswordServer,
    admin: PgConnection,
}

impl Database {
    async fn start() -> Self {
        let server = PasswordServer::start(ROLE).await;
        let mut admin = server.admin().await;
        Runner::new(&server.admin_url().parse().unwrap()).up(None).await.unwrap();
        admin.execute(CONTRACT_DATA).await.unwrap();
        let role = format!("CREATE ROLE {ROLE} SUPERUSER LOGIN PASSWORD '{FIRST}'");
        admin.execute(role.as_str()).await.unwrap();
        let mut database = Self { server, admin };
        assert_eq!(database.connections().await, 0);
        database
    }

    fn url(&self, password: &str) -> String {
        self.server.url(password)
    }

    /// Returns the directory of its socket, and its port.
    fn address(&self) -> (String, String) {
        let options: sqlx::postgres::PgConnectOptions = self.server.admin_url().parse().unwrap();
        (options.get_socket().unwrap().display().to_string(), options.get_port().to_string())
    }

    async fn change_password(&mut self, password: &str) {
        self.admin.execute(format!("ALTER ROLE {ROLE} PASSWORD '{password}'").as_str()).await.unwrap();
    }

    async fn end_connections(&mut self) {
        let end = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = '{ROLE}'");
        self.admin.execute(end.as_str()).await.unwrap();
    }

    async fn connections(&mut self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE usename = $1");
        count.bind(ROLE).fetch_one(&mut self.admin).await.unwrap()
    }

    /// Returns how often PostgreSQL logged `text`.
    fn said(&self, text: &str) -> usize {
        fs::read_to_string(self.server.directory().join("server.log")).unwrap().matches(text).count()
    }
}
