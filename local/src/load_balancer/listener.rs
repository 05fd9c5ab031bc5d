//! Accepts HTTP/1.1 connections with keep-alive.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::router::Router;

/// Larger than the load balancer's limits, because the router checks those after reading.
const READ_BUFFER: usize = 128 * 1024;
const MAX_HEADERS: usize = 1024;

/// Serves until `stopped` fires or its sender is dropped, then waits for open requests.
pub(super) async fn listen(
    listener: TcpListener,
    router: Arc<Router>,
    mut stopped: oneshot::Receiver<()>,
    grace: Duration,
) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let (stream, client) = tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // the connection is gone, or file descriptors have run out for a moment
                Err(_) => continue,
            },
        };
        // do not delay small responses (Nagle's algorithm); on failure they are only slower
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |request| {
            let router = router.clone();
            async move { Ok::<_, Infallible>(router.answer(request, client.ip()).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .max_buf_size(READ_BUFFER)
            .max_headers(MAX_HEADERS)
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        // a client that disconnects is not an error
        connections.spawn(graceful.watch(connection));
    }
    drop(listener);
    // connections still open are cut off when the set is dropped
    let _ = tokio::time::timeout(grace, graceful.shutdown()).await;
}
