//! A proxy that counts a client's round trips to PostgreSQL.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use url::Url;

const QUERY: u8 = b'Q';
const SYNC: u8 = b'S';

/// Counts round trips of all clients of [`RoundTrips::url`].
#[derive(Debug)]
pub struct RoundTrips {
    url: Url,
    count: Arc<AtomicU32>,
}

impl RoundTrips {
    /// Runs in front of the database at `url` until the runtime ends.
    pub async fn before(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("a database's address");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let mut url: Url = url.parse().expect("a database's address");
        url.set_ip_host(Ipv4Addr::LOCALHOST.into()).expect("an address with a host");
        url.set_port(Some(listener.local_addr().expect("bound").port())).expect("an address with a port");
        // unencrypted, so that the messages can be read
        url.set_query(Some("sslmode=disable"));
        let count = Arc::new(AtomicU32::new(0));
        tokio::spawn(serve(listener, server, Arc::clone(&count)));
        Self { url, count }
    }

    /// Returns the address to connect to.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the number since the last call.
    pub fn take(&self) -> u32 {
        self.count.swap(0, Ordering::SeqCst)
    }
}

async fn serve(listener: TcpListener, server: PgConnectOptions, count: Arc<AtomicU32>) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        let (server, count) = (server.clone(), Arc::clone(&count));
        tokio::spawn(async move {
            match server.get_socket() {
                Some(folder) => {
                    let path = folder.join(format!(".s.PGSQL.{}", server.get_port()));
                    relay(client, UnixStream::connect(path).await?, &count).await
                }
                None => relay(client, TcpStream::connect((server.get_host(), server.get_port())).await?, &count).await,
            }
        });
    }
}

async fn relay(client: TcpStream, server: impl AsyncRead + AsyncWrite, count: &AtomicU32) -> io::Result<()> {
    let (from_client, mut to_client) = client.into_split();
    let (mut from_server, to_server) = split(server);
    tokio::select! {
        ended = requests(from_client, to_server, count) => ended,
        ended = copy(&mut from_server, &mut to_client) => ended.map(drop),
    }
}

/// Counts messages: each is a type, a length and a body; only the first has no type (PostgreSQL's frontend protocol 3.0).
async fn requests(
    mut client: impl AsyncRead + Unpin,
    mut server: impl AsyncWrite + Unpin,
    count: &AtomicU32,
) -> io::Result<()> {
    body(&mut client, &mut server).await?;
    let mut last = SYNC;
    loop {
        let message = client.read_u8().await?;
        // a lone Sync requests nothing: after the response the pool pings a returned connection with it
        if message == QUERY || (message == SYNC && last != SYNC) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        last = message;
        server.write_u8(message).await?;
        body(&mut client, &mut server).await?;
    }
}

async fn body(client: &mut (impl AsyncRead + Unpin), server: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let length = client.read_u32().await?;
    server.write_u32(length).await?;
    copy(&mut client.take(u64::from(length.saturating_sub(4))), server).await?;
    server.flush().await
}
