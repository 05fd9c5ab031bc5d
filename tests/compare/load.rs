//! Load of a comparison on the systems: it limits rate and concurrency, and retries while a system is overloaded or restarting.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::systems::{Address, serve};
use crate::{Systems, differences, study};

/// The requests that a system has received.
#[derive(Default)]
struct Load {
    times: Mutex<Vec<Instant>>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

impl Load {
    fn per_second(&self) -> f64 {
        let times = self.times.lock().unwrap();
        let intervals = u32::try_from(times.len() - 1).unwrap();
        f64::from(intervals) / (times[times.len() - 1] - times[0]).as_secs_f64()
    }
}

/// Counts what `service` receives. Each answer takes 30 ms, so that requests can overlap.
fn counted(service: Router, load: &Arc<Load>) -> Router {
    let load = Arc::clone(load);
    Router::new().fallback(move |request: Request| {
        let (service, load) = (service.clone(), Arc::clone(&load));
        async move {
            load.times.lock().unwrap().push(Instant::now());
            let now = load.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            load.most_in_flight.fetch_max(now, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(30)).await;
            let response = service.oneshot(request).await.unwrap_or_else(|never| match never {});
            load.in_flight.fetch_sub(1, Ordering::Relaxed);
            response
        }
    })
}

/// Compares with an old system that counts, and returns what it counted.
async fn load_of(arguments: &[&str]) -> Arc<Load> {
    let (augmed, api) = study().await;
    let load = Arc::default();
    let (old, new) = (serve(counted(api.service(), &load)).await, serve(api.service()).await);
    let all = [&["compare", "--old", &old.url, "--new", &new.url, "--sample", "1"], arguments].concat();
    tokio::task::block_in_place(|| augmed.run(&all)).done();
    load
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_limits_requests_per_second() {
    let load = load_of(&["--rate", "40", "--concurrency", "16"]).await;

    // without a limit there would be hundreds; the first request may arrive late, most of all on a slow machine
    let rate = load.per_second();
    assert!(rate < 60.0, "{rate}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_concurrency_limits_concurrent_requests() {
    for (concurrency, expected) in [("1", 1..=1), ("3", 2..=3)] {
        let load = load_of(&["--rate", "2000", "--concurrency", concurrency]).await;

        let most = load.most_in_flight.load(Ordering::Relaxed);
        assert!(expected.contains(&most), "{most} at once with --concurrency {concurrency}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporarily_overloaded_system_is_no_difference() {
    let (augmed, api) = study().await;
    let received = Arc::new(AtomicUsize::new(0));
    let service = api.service();
    let busy = Router::new().fallback(move |request: Request| {
        let is_busy = (5..9).contains(&received.fetch_add(1, Ordering::Relaxed));
        let service = service.clone();
        async move {
            if is_busy {
                return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response();
            }
            service.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
    });
    let (old, new) = (serve(busy).await, serve(api.service()).await);
    let systems = Systems { augmed, api, old, new };

    let run = systems.compare(&["--json", "--sample", "2"]);

    assert_eq!(run.json()["different"], 0, "{:#?}", differences(&run));
}

/// Serves `service`, stops in the middle of the fifth request without an answer, and starts again two seconds later.
async fn restarting(service: Router) -> Address {
    let (received, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let stopping = Arc::clone(&stop);
    let stops = Router::new().fallback(move |request: Request| {
        let is_last = received.fetch_add(1, Ordering::Relaxed) == 5;
        let (service, stop) = (service.clone(), Arc::clone(&stopping));
        async move {
            if is_last {
                stop.notify_one();
                std::future::pending::<()>().await;
            }
            service.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
    });
    let address: SocketAddr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    // in a separate runtime, so that its connections end with it
    std::thread::spawn(move || {
        for pause in [0, 2] {
            std::thread::sleep(Duration::from_secs(pause));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let serving = async {
                let listener = TcpListener::bind(address).await.unwrap();
                axum::serve(listener, stops.clone()).await.unwrap();
            };
            runtime.block_on(async {
                tokio::select! { () = serving => {}, () = stop.notified() => {} }
            });
        }
    });
    Address { url: format!("http://{address}") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarting_system_is_no_difference() {
    let (augmed, api) = study().await;
    let (old, new) = (restarting(api.service()).await, serve(api.service()).await);
    let systems = Systems { augmed, api, old, new };

    let run = systems.compare(&["--json", "--sample", "2"]);

    assert_eq!(run.json()["different"], 0, "{:#?}", differences(&run));
}
