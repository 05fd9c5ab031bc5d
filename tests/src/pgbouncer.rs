//! PgBouncer in transaction mode before the server of a test's database, and what stands for RDS Proxy.

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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The program, where there is one: `apt-get install pgbouncer`.
pub fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}

/// Whether to leave out tests that need PgBouncer, because there is none. Says so; `REQUIRE_PGBOUNCER` makes that a failure.
///
/// # Panics
///
/// When it is required and missing.
pub fn is_missing() -> bool {
    let is_missing = binary().is_none();
    if is_missing {
        eprintln!("There is no pgbouncer: apt-get install pgbouncer. Without it poolers are not tested.");
        assert!(std::env::var_os("REQUIRE_PGBOUNCER").is_none(), "pgbouncer is required");
    }
    is_missing
}

/// A PgBouncer. Ends with this.
#[derive(Debug)]
pub struct PgBouncer {
    address: SocketAddr,
    process: Child,
    _directory: TempDir,
}

impl PgBouncer {
    /// Before every database of the server at `url`. Returns when it takes connections.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn before(url: &str) -> Self {
        Self::configured(url, "").await
    }

    /// The same with `lines` in its configuration.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn configured(url: &str, lines: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("a database's address");
        let host = server.get_socket().map_or_else(|| server.get_host().to_owned(), |it| it.display().to_string());
        // fewer connections than clients, so that those who follow each other meet different ones
        let port = free_port();
        let configuration = format!(
            "[databases]\n* = host={host} port={} user={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 500\n{lines}\n",
            server.get_port(),
            server.get_username(),
        );
        let open = Permissions::from_mode(0o755);
        let directory = tempfile::Builder::new().prefix("augmed-pgbouncer-").permissions(open).tempdir();
        let directory = directory.expect("a directory");
        let file = directory.path().join("pgbouncer.ini");
        fs::write(&file, configuration).expect("the configuration is written");
        let mut command = Command::new(binary().expect("pgbouncer"));
        // as which it refuses to run
        if geteuid().is_root() {
            command.args(["-u", account()]);
        }
        let process = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("pgbouncer starts");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let started = Self { address, process, _directory: directory };
        for _ in 0..500 {
            if TcpStream::connect(address).await.is_ok() {
                return started;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("pgbouncer does not listen");
    }

    /// The address of a database, through here.
    pub fn url(&self, database: &str) -> String {
        through(self.address, database)
    }
}

impl PgBouncer {
    /// Ends it, where nobody drops it.
    pub fn stop(&self) {
        let process = i32::try_from(self.process.id()).map(Pid::from_raw);
        // it may have ended
        let _ = process.map(|process| kill(process, Signal::SIGKILL));
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        self.stop();
        let _ = self.process.wait();
    }
}

/// The account that [`local::postgres`] uses, to which the directory of the socket belongs.
fn account() -> &'static str {
    let exists = |name: &&str| User::from_name(name).is_ok_and(|user| user.is_some());
    ["postgres", "nobody"].into_iter().find(exists).expect("an account other than root")
}

fn free_port() -> u16 {
    StdListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn through(address: SocketAddr, database: &str) -> String {
    let mut url: Url = database.parse().expect("a database's address");
    url.set_ip_host(address.ip()).expect("an address with a host");
    url.set_port(Some(address.port())).expect("an address with a port");
    // unencrypted, to be read
    url.set_query(Some("sslmode=disable"));
    url.into()
}

/// Refuses a startup that has the parameter `options`, as RDS Proxy does ("RDS Proxy currently doesn't support command-line
/// options", Amazon RDS user guide, limitations of RDS Proxy for PostgreSQL). Everything else goes to a pooler.
#[derive(Debug)]
pub struct NoOptions {
    address: SocketAddr,
}

impl NoOptions {
    /// Stands before `pooler` until the runtime ends.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn before(pooler: &PgBouncer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let (address, behind) = (listener.local_addr().expect("bound"), pooler.address);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(admit(client, behind));
            }
        });
        Self { address }
    }

    /// The address of a database, through here.
    pub fn url(&self, database: &str) -> String {
        through(self.address, database)
    }
}

/// A startup message is its length, the protocol's version, and names and values that end with NUL.
async fn admit(mut client: TcpStream, behind: SocketAddr) -> io::Result<()> {
    let length = client.read_u32().await?;
    let mut rest = vec![0; usize::try_from(length).unwrap_or_default().saturating_sub(4)];
    client.read_exact(&mut rest).await?;
    let mut parameters = rest.get(4..).unwrap_or_default().split(|byte| *byte == 0).step_by(2);
    if parameters.any(|name| name == b"options") {
        let fields = b"SFATAL\0VFATAL\0C0A000\0MRDS Proxy currently doesn't support command-line options.\0\0";
        client.write_u8(b'E').await?;
        client.write_u32(u32::try_from(fields.len() + 4).unwrap_or_default()).await?;
        return client.write_all(fields).await;
    }
    let mut server = TcpStream::connect(behind).await?;
    server.write_u32(length).await?;
    server.write_all(&rest).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
