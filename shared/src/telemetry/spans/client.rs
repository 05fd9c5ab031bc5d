//! The HTTP client for the collector.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A collector's confirmation has only a few bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Spans that the collector does not accept within this time are lost.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A client with its own runtime, because the exporter's thread has none.
#[derive(Debug)]
pub(super) struct Client {
    connections: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Mutex<Runtime>,
}

impl Client {
    /// Creates the client. If `is_encrypted`, reads the certificates of this machine, which takes some milliseconds.
    pub(super) fn new(is_encrypted: bool) -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new();
        let connector = if is_encrypted {
            connector.with_native_roots()?
        } else {
            let roots = RootCertStore::empty();
            connector.with_tls_config(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
        };
        let connections = legacy::Client::builder(TokioExecutor::new());
        Ok(Self {
            connections: connections.build(connector.https_or_http().enable_http1().build()),
            runtime: Mutex::new(Builder::new_current_thread().enable_all().build()?),
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = self.connections.request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await?.to_bytes();
        Ok(Response::from_parts(parts, body))
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(async { tokio::time::timeout(TIMEOUT, self.exchange(request)).await })?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    /// Returns the response of a collector that confirms spans with this many bytes.
    fn response_of(bytes: usize) -> Result<Response<Bytes>, HttpError> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let request = Request::post(format!("http://{}/v1/traces", listener.local_addr().unwrap()));
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let head = BufReader::new(connection.try_clone().unwrap()).lines().map(Result::unwrap);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n{}", "x".repeat(bytes))
        });
        let client = Client::new(false).unwrap();
        client.send_bytes(request.body(Bytes::new()).unwrap()).now_or_never().expect("send_bytes waits in its thread")
    }

    #[test]
    fn the_client_reads_64_kilobytes_of_a_response_at_most() {
        assert_eq!(response_of(64 * 1024).unwrap().body().len(), 64 * 1024);
        assert!(response_of(64 * 1024 + 1).is_err());
    }
}
