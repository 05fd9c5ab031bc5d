//! Load: clients that send the next request as soon as they have the response, each on its own connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use tokio::task::{JoinSet, spawn_blocking};

use crate::Failure;
use crate::arguments::Pace;
use crate::http_client::{HttpClient, HttpRequest};
use crate::measured::{Measured, Parts, Request, Window};

/// Returns the n-th request of a client.
pub type Requests = Arc<dyn Fn(usize, usize) -> HttpRequest + Send + Sync>;

/// Measures this many concurrent clients.
pub async fn measure(
    port: u16,
    clients: usize,
    requests: &Requests,
    pace: &Pace,
    parts: &Parts<'_>,
) -> Result<Measured, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    // one thread: clients that move between threads use more CPU
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
    let mut client = HttpClient::connect(port).await?;
    let mut asked = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let request = requests(number, asked.len());
        let started = Instant::now();
        if let Err(error) = client.ask(&request).await {
            // PostgreSQL starts 64 connections on one core, so some are late
            if started < warm {
                client = HttpClient::connect(port).await?;
                continue;
            }
            return Err(error);
        }
        asked.push((SystemTime::now(), started.elapsed()));
    }
    Ok(asked)
}
