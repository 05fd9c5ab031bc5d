//! Sends requests to a server.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{error::Elapsed, timeout};
use tower::ServiceExt as _;

/// Longer than any response takes here.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// How requests are sent. Paths, headers and bodies arrive exactly as built.
#[derive(Debug)]
pub enum Transport {
    /// Calls a service directly, without a socket.
    Routers(Router),
    /// Opens a connection per request to `host:port`, without TLS.
    Http(Authority),
}

/// The base URL is not `http://host:port`.
#[derive(Debug, thiserror::Error)]
#[error("{0}: http://HOST:PORT is expected")]
pub struct BaseUrlError(String);

/// Why there is no HTTP response.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The connection failed.
    #[error("{0}")]
    Connection(#[from] std::io::Error),
    /// The response is not HTTP, or is incomplete.
    #[error("{0}")]
    Http(#[from] hyper::Error),
    /// The body is incomplete.
    #[error("{0}")]
    Body(#[from] axum::Error),
    /// There was no response within a minute.
    #[error("no response within {RESPONSE_TIMEOUT:?}")]
    Timeout(#[from] Elapsed),
}

impl Transport {
    /// Connects to a server by its address.
    pub fn http(base_url: &str) -> Result<Self, BaseUrlError> {
        let refused = || BaseUrlError(base_url.to_owned());
        let base: Uri = base_url.parse().map_err(|_| refused())?;
        let authority = base.authority().filter(|_| base.scheme_str() == Some("http")).ok_or_else(refused)?;
        Ok(Self::Http(authority.clone()))
    }

    /// Returns the value of the `Host` header.
    pub fn host(&self) -> &str {
        match self {
            Self::Routers(_) => "localhost",
            Self::Http(authority) => authority.as_str(),
        }
    }

    /// Sends a request and reads the complete response.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let answer = async {
            match self {
                Self::Routers(service) => through(service.clone(), request).await,
                Self::Http(authority) => over_http(authority, request).await,
            }
        };
        timeout(RESPONSE_TIMEOUT, answer).await?
    }
}

async fn through(service: Router, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let mut request = request.map(Body::from);
    trim_values(request.headers_mut());
    let Ok(response) = service.oneshot(request).await;
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

/// Trims white space around headers' values, as every HTTP/1.1 parser does (RFC 9110, 5.5).
fn trim_values(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        if let Ok(trimmed) = HeaderValue::from_bytes(value.as_bytes().trim_ascii()) {
            *value = trimmed;
        }
    }
}

async fn over_http(server: &Authority, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
    let stream = TcpStream::connect((server.host(), server.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Bytes;
    use http::{HeaderMap, HeaderValue, Request};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::Transport;

    /// Returns what a server receives of `request`, and the client's result for its `answer`.
    async fn exchange(request: Request<Bytes>, answer: &'static [u8]) -> (String, Result<Bytes, String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let transport = Transport::http(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = [0; 4096];
            let length = stream.read(&mut received).await.unwrap();
            stream.write_all(answer).await.unwrap();
            received[..length].iter().copied().map(char::from).collect()
        };
        let (received, answer) = tokio::join!(server, transport.send(request));
        (received, answer.map(http::Response::into_body).map_err(|error| error.to_string()))
    }

    #[tokio::test]
    async fn path_headers_and_body_arrive_as_they_were_built() {
        let mut request = Request::new(Bytes::from_static(b"\xff"));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = "/a//b/../c%00?x=%20'".parse().unwrap();
        request.headers_mut().insert("x-latin", HeaderValue::from_bytes(b"\xe9").unwrap());

        let (received, answer) = exchange(request, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;

        assert_eq!(received, "POST /a//b/../c%00?x=%20' HTTP/1.1\r\nx-latin: é\r\ncontent-length: 1\r\n\r\nÿ");
        assert_eq!(answer.unwrap(), "ok");
    }

    #[tokio::test]
    async fn an_incomplete_response_is_an_error() {
        let (_, answer) = exchange(Request::default(), b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").await;

        assert!(answer.is_err());
    }

    #[tokio::test]
    async fn a_service_without_a_socket_sees_header_values_without_the_space_around_them() {
        let echo = |headers: HeaderMap| async move { headers["x-key"].to_str().unwrap().to_owned() };
        let transport = Transport::Routers(Router::new().fallback(echo));

        let request = Request::builder().header("x-key", " the key ").body(Bytes::new()).unwrap();

        assert_eq!(transport.send(request).await.unwrap().into_body(), "the key");
    }

    #[test]
    fn a_base_url_needs_a_scheme_and_a_host() {
        for base in ["127.0.0.1:5000", "https://host", "/path", ""] {
            assert!(Transport::http(base).is_err(), "{base} passed");
        }
    }
}
