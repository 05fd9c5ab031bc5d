//! Load: clients that ask again as soon as they have the answer, each on its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime};

use tokio::task::{JoinSet, spawn_blocking};

use crate::Failure;
use crate::arguments::Pace;
use crate::http_client::{HttpClient, HttpRequest};
use crate::measured::{Measured, Parts, Request, Window};

/// What a client asks for the n-th time.
pub type Requests = Arc<dyn Fn(usize, usize) -> HttpRequest + Send + Sync>;

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
    let mut client = HttpClient::connect(port).await?;
    let mut asked = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let request = requests(number, asked.len());
        let started = Instant::now();
        if let Err(error) = client.ask(&request).await {
            // PostgreSQL makes 64 connections on one core: some wait for theirs until they are told to come back
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
