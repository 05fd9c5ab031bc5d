//! PgBouncer in transaction mode in front of a server of [`crate::postgres`].

use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// Returns the program if it is installed: `apt-get install pgbouncer`.
pub fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}

/// Why a pooler did not start.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// It is not installed.
    #[error("there is no pgbouncer: apt-get install pgbouncer")]
    Missing,
    /// The address of the server cannot be read.
    #[error("the server's address: {0}")]
    Address(#[from] sqlx::Error),
    /// A file or process operation failed.
    #[error("pgbouncer: {0}")]
    Io(#[from] io::Error),
    /// It runs, but accepts no connection.
    #[error("pgbouncer accepts no connection")]
    NotListening,
}

/// A running PgBouncer. It stops when dropped.
#[derive(Debug)]
pub struct PgBouncer {
    address: SocketAddr,
    process: Child,
    _directory: TempDir,
}

impl PgBouncer {
    /// Starts a pooler for every database of the server at `url`, with at most `connections` server connections to
    /// each, and with `lines` in its configuration. Returns when it accepts connections.
    pub async fn start(url: &str, connections: usize, lines: &str) -> Result<Self, PoolerError> {
        let server: PgConnectOptions = url.parse()?;
        let host = server.get_socket().map_or_else(|| server.get_host().to_owned(), |it| it.display().to_string());
        let port = StdListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let configuration = format!(
            "[databases]\n* = host={host} port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {connections}\nmax_client_conn = 2000\n{lines}\n",
            server.get_port(),
            server.get_username(),
        );
        let open = Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().prefix("augmed-pgbouncer-").permissions(open).tempdir()?;
        let file = directory.path().join("pgbouncer.ini");
        fs::write(&file, configuration)?;
        let mut command = Command::new(binary().ok_or(PoolerError::Missing)?);
        // PgBouncer refuses to run as root
        if geteuid().is_root() {
            command.args(["-u", account()]);
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let started = Self { address, process, _directory: directory };
        for _ in 0..500 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(started);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(PoolerError::NotListening)
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it before it is dropped.
    pub fn stop(&self) {
        let process = i32::try_from(self.process.id()).map(Pid::from_raw);
        // fails if it has already exited
        let _ = process.map(|process| kill(process, Signal::SIGKILL));
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.stop();
        let _ = self.process.wait();
    }
}

/// Returns the address of `database` through the pooler at `address`. It has no password, because the pooler asks for
/// none, and disables TLS.
pub fn through(address: SocketAddr, database: &str) -> Result<String, PoolerError> {
    let database: PgConnectOptions = database.parse()?;
    let (user, name) = (database.get_username(), database.get_database().unwrap_or_default());
    Ok(format!("postgresql://{user}@{address}/{name}?sslmode=disable"))
}

/// Returns the account that [`crate::postgres`] uses, which owns the directory of the socket.
fn account() -> &'static str {
    let exists = |name: &&str| User::from_name(name).is_ok_and(|user| user.is_some());
    ["postgres"].into_iter().find(exists).unwrap_or("nobody")
}
