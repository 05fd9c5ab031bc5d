//! An unreliable network: a proxy on the loopback interface.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use url::Url;

/// Target of connections.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// A TCP server, such as an HTTP server.
    Tcp(SocketAddr),
    /// PostgreSQL's socket.
    Unix(PathBuf),
}

impl Upstream {
    /// Returns the socket of the server at this database address.
    pub fn of_database(url: &str) -> Self {
        let server: sqlx::postgres::PgConnectOptions = url.parse().expect("a database's address");
        match server.get_socket() {
            Some(folder) => Self::Unix(folder.join(format!(".s.PGSQL.{}", server.get_port()))),
            None => Self::Tcp(([127, 0, 0, 1], server.get_port()).into()),
        }
    }
}

/// The proxy. It ends with its runtime.
#[derive(Debug)]
pub struct UnreliableNetwork {
    address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Clone, Debug)]
struct State {
    upstream: Upstream,
    delay: Duration,
    is_stalled: bool,
    /// Number of connections so far.
    opened: u64,
    /// Connections with lower numbers are closed.
    closed_before: u64,
    /// Connections with lower numbers transfer nothing, but are not closed.
    lost_before: u64,
}

impl UnreliableNetwork {
    /// Runs in front of `upstream`, without faults yet.
    pub async fn before(upstream: Upstream) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), upstream).await
    }

    /// Runs at `address` in front of `upstream`, without faults yet.
    pub async fn at(address: SocketAddr, upstream: Upstream) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let state =
            State { upstream, delay: Duration::ZERO, is_stalled: false, opened: 0, closed_before: 0, lost_before: 0 };
        let state = watch::Sender::new(state);
        tokio::spawn(accept(listener, state.clone()));
        Self { address, state }
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the database's address through the proxy.
    pub fn url(&self, database: &str) -> String {
        let mut url: Url = database.parse().expect("a database's address");
        url.set_ip_host(Ipv4Addr::LOCALHOST.into()).expect("an address with a host");
        url.set_port(Some(self.address.port())).expect("an address with a port");
        url.set_query(Some("sslmode=disable"));
        url.into()
    }

    /// Sends new connections to another target.
    pub fn redirect_to(&self, upstream: Upstream) {
        self.state.send_modify(|state| state.upstream = upstream);
    }

    /// Delays bytes from now on, in each direction.
    pub fn delay(&self, delay: Duration) {
        self.state.send_modify(|state| state.delay = delay);
    }

    /// Closes every connection.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.closed_before = state.opened);
    }

    /// Blocks or unblocks all transfer.
    pub fn stall(&self, is_stalled: bool) {
        self.state.send_modify(|state| state.is_stalled = is_stalled);
    }

    /// Silently loses existing connections, as after a failover. New ones work.
    pub fn lose(&self) {
        self.state.send_modify(|state| state.lost_before = state.opened);
    }
}

async fn accept(listener: TcpListener, state: watch::Sender<State>) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let mut number = 0;
        state.send_modify(|state| {
            number = state.opened;
            state.opened += 1;
        });
        tokio::spawn(connect(client, number, state.subscribe()));
    }
}

async fn connect(client: TcpStream, number: u64, mut state: watch::Receiver<State>) -> io::Result<()> {
    let upstream = state.borrow().upstream.clone();
    let wires = state.clone();
    let relayed = async {
        match upstream {
            Upstream::Tcp(address) => {
                let server = TcpStream::connect(address).await?;
                server.set_nodelay(true)?;
                relay(client, server, number, wires).await
            }
            Upstream::Unix(path) => relay(client, UnixStream::connect(path).await?, number, wires).await,
        }
    };
    tokio::select! {
        ended = relayed => ended,
        _ = state.wait_for(|state| number < state.closed_before) => Ok(()),
    }
}

async fn relay(
    client: TcpStream,
    server: impl AsyncRead + AsyncWrite,
    number: u64,
    state: watch::Receiver<State>,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = split(server);
    // closing one side closes the other: nobody here half-closes
    tokio::select! {
        ended = carry(&mut from_client, &mut to_server, number, state.clone()) => ended,
        ended = carry(&mut from_server, &mut to_client, number, state) => ended,
    }
}

async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    number: u64,
    mut state: watch::Receiver<State>,
) -> io::Result<()> {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let length = from.read(&mut bytes).await?;
        let passes = |state: &State| !state.is_stalled && number >= state.lost_before;
        let delay = state.wait_for(passes).await.map_err(io::Error::other)?.delay;
        // an end of file is not transferred either while the network is down
        if length == 0 {
            return Ok(());
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        to.write_all(&bytes[..length]).await?;
        to.flush().await?;
    }
}
