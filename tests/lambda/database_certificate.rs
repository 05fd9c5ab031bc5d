//! Who is taken for the database: with `sslmode=verify-full` whom an authority has signed for, of those that template.yaml names.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::postgres::PgConnectOptions;
use tempfile::NamedTempFile;
use tests::db::TestDb;
use tests::deployed;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use url::Url;

use crate::database::questionnaire;

#[tokio::test]
async fn a_function_connects_to_a_server_that_its_authority_signed_for() {
    let server = TlsServer::start("localhost").await;

    assert_eq!(server.answer_to_function("localhost", &server.authority).await, 200);
}

#[tokio::test]
async fn a_server_that_another_authority_signed_for_is_refused() {
    let server = TlsServer::start("localhost").await;
    let of_rds =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/database_authorities/rds-ca.pem"))
            .unwrap();

    assert_eq!(server.answer_to_function("localhost", &of_rds).await, 503);
}

#[tokio::test]
async fn a_certificate_of_another_server_is_refused() {
    let server = TlsServer::start("another.test").await;

    assert_eq!(server.answer_to_function("localhost", &server.authority).await, 503);
}

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A database with data, behind TLS: those of tests listen at a socket of this machine, without it.
struct TlsServer {
    db: TestDb,
    port: u16,
    /// PEM of who signed for it.
    authority: String,
}

impl TlsServer {
    async fn start(name: &str) -> Self {
        let authority = authority();
        let acceptor = TlsAcceptor::from(Arc::new(signed_for(name, &authority)));
        let db = TestDb::with_contract_data().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind = PgConnectOptions::clone(&db.pool.connect_options());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, acceptor.clone(), behind.clone()));
            }
        });
        Self { db, port, authority: authority.pem() }
    }

    /// The status with which a function answers that looks for the server as `host` and knows these authorities.
    async fn answer_to_function(&self, host: &str, authorities: &str) -> u16 {
        let mut file = NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, authorities.as_bytes()).unwrap();
        let mut url: Url = self.db.url().parse().unwrap();
        url.set_host(Some(host)).unwrap();
        url.set_port(Some(self.port)).unwrap();
        url.set_query(Some("sslmode=verify-full"));
        let authorities = ("PGSSLROOTCERT", file.path().to_str().unwrap());
        let load_balancer = deployed::start_with(url.as_str(), &[authorities]).await;
        questionnaire(&load_balancer).await
    }
}

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn signed_for(name: &str, authority: &Authority) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let chain = vec![certificate.der().clone()];
    ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into()).unwrap()
}

/// Agrees to TLS as PostgreSQL does (protocol, `SSLRequest`), and passes on what is inside.
async fn pass_on(mut client: TcpStream, acceptor: TlsAcceptor, behind: PgConnectOptions) -> std::io::Result<()> {
    let mut ssl_request = [0; 8];
    client.read_exact(&mut ssl_request).await?;
    client.write_all(b"S").await?;
    let mut inside = acceptor.accept(client).await?;
    let mut server = connect(&behind).await?;
    copy_bidirectional(&mut inside, &mut server).await?;
    Ok(())
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(options: &PgConnectOptions) -> std::io::Result<Box<dyn Stream>> {
    let (host, port) = (options.get_host(), options.get_port());
    let directory = options
        .get_socket()
        .map(std::path::PathBuf::as_path)
        .or(Some(Path::new(host)).filter(|path| path.is_absolute()));
    Ok(match directory {
        Some(directory) => Box::new(UnixStream::connect(directory.join(format!(".s.PGSQL.{port}"))).await?),
        None => Box::new(TcpStream::connect((host, port)).await?),
    })
}
