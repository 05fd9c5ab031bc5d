//! Forwards requests to a target with an address: the container, or the frontend.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::own::is_hop_by_hop;

/// The load balancer's timeouts: for a connection, and by default for a response.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// Forwards requests over pooled connections.
pub(super) struct Proxy {
    client: Client<HttpConnector, Incoming>,
}

impl Proxy {
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// Forwards a request and streams its response. An error is the status of the load balancer's response.
    pub async fn pass_on(
        &self,
        mut request: Request<Incoming>,
        target: SocketAddr,
    ) -> Result<Response<BoxBody<Bytes, hyper::Error>>, u16> {
        *request.uri_mut() = at(request.uri(), target).ok_or(400_u16)?;
        remove_hop_by_hop(request.headers_mut());
        let answer = tokio::time::timeout(RESPONSE_TIMEOUT, self.client.request(request));
        let mut response = answer.await.map_err(|_| 504_u16)?.map_err(|_| 502_u16)?;
        remove_hop_by_hop(response.headers_mut());
        Ok(response.map(BodyExt::boxed))
    }
}

fn at(uri: &Uri, target: SocketAddr) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(Authority::try_from(target.to_string()).ok()?);
    Uri::from_parts(parts).ok()
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let names: Vec<_> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
