//! HTTP/1.1 connections with keep-alive, bounded in number and in idle time.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use futures_util::FutureExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;

/// Maximum size of a request's head, as of an Application Load Balancer
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>). hyper's default of
/// 400 KB times all connections would be more memory than the container has.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Timeouts and the maximum number of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum time until the head of the next request.
    pub head_timeout: Duration,
    /// Maximum concurrent connections; further clients wait in the kernel's queue.
    pub max_connections: usize,
    /// A client that reads nothing of its answer for this long is disconnected.
    pub write_timeout: Duration,
    /// Time for requests in flight when the server stops.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // longer than the load balancer's idle timeout of a minute: if we closed first, the balancer could send a
            // request into a closing connection and answer with a 502
            head_timeout: Duration::from_secs(75),
            // about 10 KB each; up to MAX_HEAD_BYTES more for a client that sends a long head slowly
            max_connections: 4096,
            // the kernel buffers some megabytes for a client that pauses
            write_timeout: Duration::from_secs(10),
            // ECS sends SIGKILL thirty seconds after SIGTERM; a request takes at most five
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves until `stopped`, then finishes the requests in flight. Returns whether all of them finished in time.
pub async fn serve(
    mut listener: TcpListener,
    service: Router,
    stopped: impl Future<Output = ()>,
    limits: Limits,
) -> bool {
    let (graceful, permits) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.max_connections)));
    let open = |stream: TcpStream, permit: Option<OwnedSemaphorePermit>| {
        // do not delay small answers (Nagle's algorithm); on failure they are only slower
        _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(
                TokioIo::new(with_write_timeout(stream, limits.write_timeout)),
                TowerToHyperService::new(service.clone()),
            );
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // a client that disconnects is not an error
            _ = connection.await;
            drop(permit);
        });
    };
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            (stream, permit) = accept(&mut listener, &permits) => open(stream, permit),
        }
    }
    // accept clients that are already connected: closing the listener would reset them
    while let Some(Ok((stream, _))) = TcpListener::accept(&listener).now_or_never() {
        open(stream, None);
    }
    drop(listener);
    tokio::time::timeout(limits.drain_timeout, graceful.shutdown()).await.is_ok()
}

/// Wraps a stream so that writing fails if the client does not read for this long; otherwise a client that stays
/// connected without reading keeps its answer in memory.
fn with_write_timeout(stream: TcpStream, timeout: Duration) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(timeout));
    Box::pin(stream)
}

async fn accept(listener: &mut TcpListener, permits: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    // retries if the process has no file descriptor left
    let (stream, _) = Listener::accept(listener).await;
    (stream, permit)
}
