//! Connections: HTTP/1.1 with keep-alive, and nobody holds one for nothing.

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

/// For how long and for how many there is room.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// By then the head of the next request has to be there.
    pub head: Duration,
    /// Connections at once. Beyond these the kernel keeps clients waiting.
    pub connections: usize,
    /// A client that takes nothing of its answer for so long is given up.
    pub unread: Duration,
    /// What is in flight at the end has so long.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // more than the load balancer's idle timeout, a minute: it must be the one that closes, or it sends a request into a
            // connection that is about to be closed, and answers with a 502
            head: Duration::from_secs(75),
            // of some 10 KB each
            connections: 4096,
            // the system keeps some megabytes for a client that pauses
            unread: Duration::from_secs(10),
            // ECS sends SIGKILL thirty seconds after SIGTERM; requests have five
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `stopped`, then finishes what is in flight. Whether everything was finished in time.
pub async fn serve(
    mut listener: TcpListener,
    service: Router,
    stopped: impl Future<Output = ()>,
    limits: Limits,
) -> bool {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(limits.connections)));
    let open = |stream: TcpStream, place: Option<OwnedSemaphorePermit>| {
        // small answers are not to wait for more to send; without it they are only slower
        _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .serve_connection(TokioIo::new(patient(stream, limits.unread)), TowerToHyperService::new(service.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // how a client leaves is its own business
            _ = connection.await;
            drop(place);
        });
    };
    tokio::pin!(stopped);
    loop {
        tokio::select! {
            () = &mut stopped => break,
            (stream, place) = accept(&mut listener, &places) => open(stream, place),
        }
    }
    // who has connected already is no newcomer: a closed listener would reset them
    while let Some(Ok((stream, _))) = TcpListener::accept(&listener).now_or_never() {
        open(stream, None);
    }
    drop(listener);
    tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_ok()
}

/// A stream that fails when the client does not read for so long: without it a client that stays and does not read keeps its answer.
fn patient(stream: TcpStream, unread: Duration) -> Pin<Box<TimeoutStream<TcpStream>>> {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(unread));
    Box::pin(stream)
}

async fn accept(listener: &mut TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let place = Arc::clone(places).acquire_owned().await.ok();
    // waits where the process has no file left
    let (stream, _) = Listener::accept(listener).await;
    (stream, place)
}
