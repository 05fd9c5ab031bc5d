//! More function processes than connections: each is served in the end, because idle ones close their connections.

use std::time::{Duration, Instant};

use local::postgres::{Config, Server};
use shared::db::{Address, Database, Deployment};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tests::app;
use tests::open_directory::open_directory;
use tests::waiting::until;
use tokio::task::spawn_blocking;
use url::Url;

const FUNCTION: Deployment = Deployment::Lambda { max_concurrency: 1 };
const CONNECTIONS: usize = 20;
const HALF: usize = CONNECTIONS / 2;

/// A PostgreSQL with few connections.
struct Small {
    server: Server,
    _directory: TempDir,
}

impl Small {
    async fn start() -> Self {
        let directory = open_directory();
        let connections = CONNECTIONS.to_string();
        let config = Config::test(directory.path()).settings(&[("max_connections", &connections)]);
        let server = spawn_blocking(move || Server::start(&config).unwrap()).await.unwrap();
        let small = Self { server, _directory: directory };
        small.connect().await.execute("CREATE ROLE app LOGIN").await.unwrap();
        small
    }

    /// Connects as the superuser.
    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.server.url("postgres")).await.unwrap()
    }

    /// Returns a database with the settings of one function process.
    fn process(&self) -> Database {
        let mut url: Url = self.server.url("postgres").parse().unwrap();
        url.set_username("app").unwrap();
        let config = shared::Config::from_environment(&app::environment(url.as_str())).unwrap();
        Database::new(Address::of(&config, FUNCTION).unwrap(), FUNCTION)
    }
}

async fn is_served(process: &Database) -> bool {
    sqlx::query("SELECT 1").execute(process).await.is_ok()
}

pub async fn idle_processes_close_connections_once_half_are_in_use() {
    let small = Small::start().await;
    let fleet: Vec<Database> = (0..2 * CONNECTIONS).map(|_| small.process()).collect();
    let mut waiting: Vec<&Database> = fleet.iter().collect();
    let started = Instant::now();

    while !waiting.is_empty() {
        assert!(started.elapsed() < Duration::from_mins(2), "{} processes are still refused", waiting.len());
        let mut refused = Vec::new();
        for process in waiting {
            if !is_served(process).await {
                refused.push(process);
            }
        }
        waiting = refused;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub async fn a_process_keeps_its_connection_while_there_are_enough() {
    let small = Small::start().await;
    let process = small.process();
    let pid = async || sqlx::query_scalar::<_, i32>("SELECT pg_backend_pid()").fetch_one(&process).await.unwrap();
    let before = pid().await;
    let others: Vec<Database> = (1..HALF).map(|_| small.process()).collect();
    for other in &others {
        assert!(is_served(other).await);
    }

    tokio::time::sleep(Duration::from_secs(3)).await;

    assert_eq!(pid().await, before);
}

pub async fn a_process_whose_session_was_ended_reconnects() {
    let small = Small::start().await;
    let fleet: Vec<Database> = (0..=HALF).map(|_| small.process()).collect();
    for process in &fleet {
        assert!(is_served(process).await);
    }

    tokio::time::sleep(Duration::from_secs(3)).await;

    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
    let sessions = async || sqlx::query_scalar::<_, i64>(sessions).fetch_one(&fleet[0]).await.unwrap();
    // only the session beyond the half was ended, but PostgreSQL may be slow
    until(Duration::from_mins(1), async || usize::try_from(sessions().await) == Ok(HALF)).await;
    assert!(is_served(&fleet[HALF]).await);
}

pub async fn connections_of_other_roles_count() {
    let small = Small::start().await;
    let mut others = Vec::new();
    for _ in 0..HALF {
        others.push(small.connect().await);
    }

    let timeout = sqlx::query_scalar("SELECT current_setting('idle_session_timeout')");

    assert_eq!(timeout.fetch_one(&small.process()).await.ok(), Some("2s".to_owned()));
}
