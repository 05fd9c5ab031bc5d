//! A PostgreSQL server that asks one role for its password, and nobody else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use local::postgres::{Config, Server};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use url::Url;

use crate::waiting::until;

/// SQLSTATE of a refused password, which is also the answer to a role that does not exist.
const INVALID_PASSWORD: &str = "28P01";

/// A server with a directory of its own. It ends when dropped.
#[derive(Debug)]
pub struct PasswordServer {
    server: Server,
    role: &'static str,
    _directory: TempDir,
}

impl PasswordServer {
    /// Starts a server that asks `role` for its password. The role need not exist yet.
    pub async fn start(role: &'static str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = Config::test(directory.path().join("cluster")).linger(Duration::from_secs(1));
        let started = spawn_blocking(move || Server::start(&config)).await.expect("no panic");
        let server = started.unwrap_or_else(|error| panic!("no PostgreSQL: {error}"));
        let rules = format!("local all {role} scram-sha-256\nlocal all all trust\n");
        fs::write(server.directory().join("data/pg_hba.conf"), rules).expect("the rules can be written");
        let asking = Self { server, role, _directory: directory };
        asking.admin().await.execute("SELECT pg_reload_conf()").await.expect("the rules can be read");
        until(Duration::from_mins(1), async || asking.refuses("wrong").await).await;
        asking
    }

    /// Returns the address for the role with `password`.
    pub fn url(&self, password: &str) -> String {
        let mut url: Url = self.admin_url().parse().expect("an address");
        let set = url.set_username(self.role).and_then(|()| url.set_password(Some(password)));
        set.unwrap_or_else(|()| panic!("{url} cannot have a user"));
        url.into()
    }

    /// Returns the address for a superuser, who needs no password.
    pub fn admin_url(&self) -> String {
        self.server.url("postgres")
    }

    /// Connects as a superuser.
    pub async fn admin(&self) -> PgConnection {
        PgConnection::connect(&self.admin_url()).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns whether the server refuses `password` of the role.
    pub async fn refuses(&self, password: &str) -> bool {
        match PgConnection::connect(&self.url(password)).await {
            Err(sqlx::Error::Database(error)) => error.code().as_deref() == Some(INVALID_PASSWORD),
            _ => false,
        }
    }

    /// Returns the directory of its files.
    pub fn directory(&self) -> &Path {
        self.server.directory()
    }
}
