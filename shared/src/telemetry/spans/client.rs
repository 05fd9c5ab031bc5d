//! The way to the collector.

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

/// A collector confirms with some bytes.
const MOST_BYTES: usize = 64 * 1024;

/// Spans that a collector does not take in this time are lost.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A client on a runtime of its own: the exporter's thread has none.
#[derive(Debug)]
pub(super) struct Client {
    connections: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Mutex<Runtime>,
}

impl Client {
    /// Reads the certificates of this machine if `is_encrypted`: that takes some milliseconds.
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
        let body = Limited::new(body, MOST_BYTES).collect().await?.to_bytes();
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
