//! HTTP clients: each has one connection, and asks again as soon as it has the answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, spawn_blocking};

use crate::Failure;
use crate::arguments::Pace;
use crate::measured::{Measured, Parts, Request, Window};

/// A request to the server.
pub type HttpRequest = http::Request<Full<Bytes>>;

/// What a client asks for the n-th time.
pub type Requests = Arc<dyn Fn(usize, usize) -> HttpRequest + Send + Sync>;

/// One connection.
pub struct Client {
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    /// Connects to the server on this machine.
    pub async fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request; anything but 200 is an error.
    pub async fn send(&mut self, request: HttpRequest) -> Result<http::Response<hyper::body::Incoming>, Failure> {
        let path = request.uri().path().to_owned();
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        if status == http::StatusCode::OK {
            return Ok(response);
        }
        let body = response.into_body().collect().await?.to_bytes();
        Err(format!("{path} answers {status}: {}", String::from_utf8_lossy(&body)).into())
    }

    /// Sends a request and reads the answer to its end.
    pub async fn ask(&mut self, request: HttpRequest) -> Result<Bytes, Failure> {
        Ok(self.send(request).await?.into_body().collect().await?.to_bytes())
    }
}

/// Measures so many clients at once.
pub async fn measure(
    port: u16,
    clients: usize,
    requests: &Requests,
    pace: &Pace,
    parts: &Parts<'_>,
) -> Result<Measured, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    // one thread: clients that move between threads cost the machine more than they tell about the server
    let load = spawn_blocking({
        let (requests, stop, warm) = (Arc::clone(requests), Arc::clone(&stop), Instant::now() + pace.warm_up);
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(ask_until(port, clients, requests, warm, stop))
        }
    });
    let window = Window::wait(pace, parts).await;
    stop.store(true, Ordering::Relaxed);
    let asked = load.await??;
    window?.measured(&asked)
}

async fn ask_until(
    port: u16,
    clients: usize,
    requests: Requests,
    warm: Instant,
    stop: Arc<AtomicBool>,
) -> Result<Vec<Request>, Failure> {
    let mut running = JoinSet::new();
    for client in 0..clients {
        running.spawn(ask_again_and_again(port, client, Arc::clone(&requests), warm, Arc::clone(&stop)));
    }
    let mut all = Vec::new();
    while let Some(asked) = running.join_next().await {
        all.append(&mut asked??);
    }
    Ok(all)
}

async fn ask_again_and_again(
    port: u16,
    number: usize,
    requests: Requests,
    warm: Instant,
    stop: Arc<AtomicBool>,
) -> Result<Vec<Request>, Failure> {
    let mut client = Client::connect(port).await?;
    let mut asked = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let request = requests(number, asked.len());
        let started = Instant::now();
        if let Err(error) = client.ask(request).await {
            // PostgreSQL makes 64 connections on one core: some wait for theirs until they are told to come back
            if started < warm {
                client = Client::connect(port).await?;
                continue;
            }
            return Err(error);
        }
        asked.push((SystemTime::now(), started.elapsed()));
    }
    Ok(asked)
}
