//! Helpers of these tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::postgres::{Config, Server};
use nix::unistd::{User, geteuid};
use sqlx::{Connection as _, Executor as _, PgConnection};
pub use tests::open_directory::open_directory as directory;

/// Starts the cluster in `directory`, without protection from a power failure.
pub fn start(directory: &Path) -> Server {
    Server::start(&Config::test(directory).linger(Duration::from_secs(1))).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs statements in the database at `url`, and returns the first column of the last row as text.
pub fn query(url: &str, sql: &str) -> Result<String, sqlx::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let (before, last) = sql.rsplit_once(';').unwrap_or(("", sql));
        connection.execute(before).await?;
        sqlx::query_scalar(&format!("SELECT x::text FROM ({last}) AS last(x)")).fetch_one(&mut connection).await
    })
}

/// Waits until `condition` holds.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_mins(1), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the path of the file that exists while the server runs.
pub fn pid_file(directory: &Path) -> PathBuf {
    directory.join("data/postmaster.pid")
}

/// Returns the server's process id.
pub fn postmaster(directory: &Path) -> i32 {
    let text = fs::read_to_string(pid_file(directory)).unwrap();
    text.lines().next().unwrap().parse().unwrap()
}

/// Returns an ordinary user to run processes as, if this process is root.
pub fn ordinary_user() -> Option<User> {
    if geteuid().is_root() { User::from_name("nobody").unwrap() } else { None }
}
