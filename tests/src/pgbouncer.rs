//! PgBouncer in transaction mode in front of a test database's server, and a stand-in for RDS Proxy.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use local::pgbouncer::PgBouncer as Pooler;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// Fewer than a test's clients, so that consecutive transactions of a client use different connections.
const CONNECTIONS: usize = 3;

/// Returns whether tests with PgBouncer have to be skipped, because it is not installed. `REQUIRE_PGBOUNCER` makes that a failure.
///
/// # Panics
///
/// If it is required and missing.
pub fn is_missing() -> bool {
    let is_missing = local::pgbouncer::binary().is_none();
    if is_missing {
        eprintln!("There is no pgbouncer: apt-get install pgbouncer. Without it poolers are not tested.");
        assert!(std::env::var_os("REQUIRE_PGBOUNCER").is_none(), "pgbouncer is required");
    }
    is_missing
}

/// A PgBouncer. It stops when dropped.
#[derive(Debug)]
pub struct PgBouncer(Pooler);

impl PgBouncer {
    /// Starts a PgBouncer for every database of the server at `url`. Returns when it accepts connections.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn before(url: &str) -> Self {
        Self::configured(url, "").await
    }

    /// Starts a PgBouncer with `lines` in its configuration.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn configured(url: &str, lines: &str) -> Self {
        Self(Pooler::start(url, CONNECTIONS, lines).await.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Returns a database's address through the pooler.
    pub fn url(&self, database: &str) -> String {
        through(self.0.address(), database)
    }

    /// Stops it before it is dropped.
    pub fn stop(&self) {
        self.0.stop();
    }
}

fn through(address: SocketAddr, database: &str) -> String {
    local::pgbouncer::through(address, database).unwrap_or_else(|error| panic!("{error}"))
}

/// Refuses a startup with the parameter `options`, as RDS Proxy does ("RDS Proxy currently doesn't support command-line options",
/// Amazon RDS user guide, limitations of RDS Proxy for PostgreSQL). Forwards everything else to a pooler.
#[derive(Debug)]
pub struct NoOptions {
    address: SocketAddr,
}

impl NoOptions {
    /// Runs in front of `pooler` until the runtime ends.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub async fn before(pooler: &PgBouncer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let (address, behind) = (listener.local_addr().expect("bound"), pooler.0.address());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(admit(client, behind));
            }
        });
        Self { address }
    }

    /// Returns a database's address through the proxy.
    pub fn url(&self, database: &str) -> String {
        through(self.address, database)
    }
}

/// Reads a startup message: its length, the protocol's version, and NUL-terminated names and values.
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
