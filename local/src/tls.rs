//! TLS in front of a PostgreSQL of [`crate::postgres`], which has no TLS itself. A new authority signs the certificate.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

type Authority = CertifiedIssuer<'static, KeyPair>;

/// Why the TLS server did not start.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The address of the server cannot be read.
    #[error("the server's address: {0}")]
    Address(#[from] sqlx::Error),
    /// There is no certificate for this name.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The certificate cannot be used.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// No port could be opened.
    #[error("TLS: {0}")]
    Io(#[from] io::Error),
}

/// A port of localhost that terminates TLS for a server. The port closes when dropped; its connections do not.
#[derive(Debug)]
pub struct TlsServer {
    port: u16,
    authority: String,
    accepting: JoinHandle<()>,
}

impl TlsServer {
    /// Opens a port for the server at `url`, with a certificate for `name`.
    pub async fn start(url: &str, name: &str) -> Result<Self, TlsError> {
        let server: PgConnectOptions = url.parse()?;
        let authority = authority()?;
        let acceptor = TlsAcceptor::from(Arc::new(signed_for(name, &authority)?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, acceptor.clone(), server.clone()));
            }
        });
        Ok(Self { port, authority: authority.pem(), accepting })
    }

    /// Returns the port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the certificate of the authority that signed the server's, as PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn authority() -> Result<Authority, TlsError> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn signed_for(name: &str, authority: &Authority) -> Result<ServerConfig, TlsError> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new([name.to_owned()])?.signed_by(&key, authority)?;
    let chain = vec![certificate.der().clone()];
    Ok(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into())?)
}

/// Accepts TLS as PostgreSQL does (`SSLRequest` of its protocol), and forwards the decrypted bytes.
async fn pass_on(mut client: TcpStream, acceptor: TlsAcceptor, server: PgConnectOptions) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut ssl_request = [0; 8];
    client.read_exact(&mut ssl_request).await?;
    client.write_all(b"S").await?;
    let mut inside = acceptor.accept(client).await?;
    copy_bidirectional(&mut inside, &mut connect(&server).await?).await?;
    Ok(())
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(options: &PgConnectOptions) -> io::Result<Box<dyn Stream>> {
    let (host, port) = (options.get_host(), options.get_port());
    let socket = options.get_socket().map(std::path::PathBuf::as_path);
    Ok(match socket.or(Some(Path::new(host)).filter(|path| path.is_absolute())) {
        Some(directory) => Box::new(UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).await?),
        None => Box::new(TcpStream::connect((host, port)).await?),
    })
}
