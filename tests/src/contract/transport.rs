//! The way to a server.

use std::time::Duration;

use axum::body::Bytes;
use http::uri::Authority;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{error::Elapsed, timeout};

/// Longer than any server here answers.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How requests travel. Nothing on the way mends them: paths, headers and bodies arrive as built.
#[derive(Debug)]
pub enum Transport {
    /// A connection per request to `host:port`, without TLS.
    Http(Authority),
}

/// The base URL is not `http://host:port`.
#[derive(Debug, thiserror::Error)]
#[error("{0}: http://HOST:PORT is expected")]
pub struct BaseUrlError(String);

/// Why no HTTP answer came.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    /// The answer is not HTTP, or ends early.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// Nothing came within a minute.
    #[error("no answer within {ANSWER_WITHIN:?}")]
    Timeout(#[from] Elapsed),
}

impl Transport {
    /// To a server by its address.
    pub fn http(base_url: &str) -> Result<Self, BaseUrlError> {
        let refused = || BaseUrlError(base_url.to_owned());
        let base: Uri = base_url.parse().map_err(|_| refused())?;
        let authority = base
            .authority()
            .filter(|_| base.scheme_str() == Some("http"))
            .ok_or_else(refused)?;
        Ok(Self::Http(authority.clone()))
    }

    /// What the `Host` header says.
    pub fn host(&self) -> &str {
        match self {
            Self::Http(authority) => authority.as_str(),
        }
    }

    /// Sends a request, waits for the whole answer.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match self {
            Self::Http(authority) => timeout(ANSWER_WITHIN, over_http(authority, request)).await?,
        }
    }
}

async fn over_http(
    server: &Authority,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let stream = TcpStream::connect((server.host(), server.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender
        .send_request(request.map(Full::new))
        .await?
        .into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}
