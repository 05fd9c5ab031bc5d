//! A function's database connection: when it is opened, and its replacement when it was cut.

use std::time::{Duration, Instant};

use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use local::load_balancer::LoadBalancer;
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tests::{app, deployed, secrets};
use tokio::net::TcpListener;

const OF_FUNCTIONS: &str =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'augmed'";

async fn get(load_balancer: &LoadBalancer, path: &str) -> u16 {
    let address = format!("http://{}{path}", load_balancer.address());
    let client = Client::builder(TokioExecutor::new()).build_http::<String>();
    let (head, body) = client.get(address.parse().unwrap()).await.unwrap().into_parts();
    let status = head.status.as_u16();
    secrets::look_at_answer(status, &body.collect().await.unwrap().to_bytes());
    status
}

/// Returns the status of `GET /api/config/answer`, which queries the database.
pub async fn questionnaire(load_balancer: &LoadBalancer) -> u16 {
    get(load_balancer, "/api/config/answer").await
}

#[tokio::test]
async fn a_refused_request_opens_no_connection() {
    let db = TestDb::with_contract_data().await;
    let load_balancer = deployed::start(&db.url()).await;

    assert_eq!(get(&load_balancer, "/api/cases").await, 401);

    load_balancer.function("cases").unwrap().wait_until_idle().await;
    let connections: Vec<i32> = sqlx::query_scalar(OF_FUNCTIONS).fetch_all(&db.pool).await.unwrap();
    assert!(connections.is_empty(), "{connections:?}");
}

#[tokio::test]
async fn an_invalid_address_fails_only_requests_that_need_the_database() {
    let load_balancer = deployed::start("postgresql://127.0.0.1/study?statement-cache-capacity=many").await;

    assert_eq!(get(&load_balancer, "/api/cases").await, 401);
    assert_eq!(questionnaire(&load_balancer).await, 500);
}

#[tokio::test]
async fn a_function_whose_connection_was_cut_while_frozen_reconnects() {
    let db = TestDb::with_contract_data().await;
    let load_balancer = deployed::start(&db.url()).await;
    assert_eq!(questionnaire(&load_balancer).await, 200);
    let function = load_balancer.function("config-answer").unwrap();
    function.wait_until_idle().await;
    let before = function.processes()[0].pid();

    let cut = format!("SELECT pg_terminate_backend(pid) FROM ({OF_FUNCTIONS}) AS functions");
    let cut: Vec<bool> = sqlx::query_scalar(&cut).fetch_all(&db.pool).await.unwrap();

    assert_eq!(cut, [true], "the function's one connection");
    // a connection that was used within the last second is not tested
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(questionnaire(&load_balancer).await, 200);
    assert_eq!(function.processes()[0].pid(), before);
}

#[tokio::test]
async fn a_request_that_waited_for_the_database_does_not_wait_for_the_span_collector() {
    let (silent, db) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TestDb::with_contract_data().await);
    let network = UnreliableNetwork::before(Upstream::of_database(&db.url())).await;
    let collector = format!("http://{}", silent.local_addr().unwrap());
    let mut environment = app::environment(&network.url(&db.url()));
    environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector);
    let function = deployed::function("config-answer", environment);
    let event = r#"{"httpMethod": "GET", "path": "/api/config/answer"}"#;
    function.invoke(event.into()).await.unwrap();
    network.stall(true);

    let began = Instant::now();
    let answer = function.invoke(event.into()).await.unwrap();

    assert!(String::from_utf8_lossy(&answer).contains(r#""statusCode":503"#), "{answer:?}");
    // the deadline ends after 4.5 seconds, and the collector would take another one
    assert!(began.elapsed() < Duration::from_millis(5400), "{:?}", began.elapsed());
}
