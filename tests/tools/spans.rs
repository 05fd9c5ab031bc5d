//! Spans, decoded by OpenTelemetry's own code. The collector's lines are checked for secrets like log lines.

use serde_json::{Value, json};
use tests::collector::Collector;
use tests::db::TestDb;
use tests::server_process::Server;
use tests::{app, deployed};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const ROUTE: &str = "GET /api/case-reviews/{case_config_id}";

async fn request(server: &Server, request: &str) {
    let mut connection = server.connect().await;
    connection.send(request).await;
    assert!(connection.head().await.starts_with("HTTP/1.1 200"), "{request}");
}

/// The span of a request continues its caller's trace, and the spans of statements are its children.
pub async fn of_the_server() {
    let (mut collector, db) = (Collector::start().await, TestDb::with_contract_data().await);
    let server = Server::start_with(&db.url(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)]).await;
    let token = app::TestApp::over(TestDb::empty().await).await.token_for("alice@contract.test");

    let head = format!(
        "GET /api/case-reviews/cfg-a04-styles HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         traceparent: 00-{TRACE}-{CALLER}-01\r\n\r\n"
    );
    request(&server, &head).await;

    let span = collector.span(ROUTE).await;
    assert_eq!([&span["trace_id"], &span["parent_span_id"]], [TRACE, CALLER], "{span}");
    assert_eq!(span["attributes"]["http.response.status_code"], 200, "{span}");
    assert_eq!(span["resource"]["service.name"], "augmed-server");
    let statement = collector.span("statement").await;
    assert_eq!((&statement["trace_id"], &statement["parent_span_id"]), (&json!(TRACE), &span["span_id"]));
    assert!(statement["nanoseconds"].as_i64().unwrap() > 0, "{statement}");
}

/// A login has a span for scrypt. A process sends its remaining spans when it exits.
pub async fn of_a_login() {
    let (mut collector, db) = (Collector::start().await, TestDb::with_contract_data().await);
    let server = Server::start_with(&db.url(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)]).await;

    let body = json!({"email": "alice@contract.test", "password": "Alice-pass-1"}).to_string();
    let length = body.len();
    request(
        &server,
        &format!("POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"),
    )
    .await;
    server.signal(nix::sys::signal::Signal::SIGTERM);
    server.exit().await;

    let (login, scrypt) = (collector.span("POST /api/auth/login").await, collector.span("scrypt").await);
    assert_eq!((&scrypt["parent_span_id"], &scrypt["trace_id"]), (&login["span_id"], &login["trace_id"]));
}

/// A function sends its spans before it responds, because Lambda then freezes it. Here it continues to run.
pub async fn of_a_function() {
    let (mut collector, db) = (Collector::start().await, TestDb::with_contract_data().await);
    let mut environment = app::environment(&db.url());
    environment.insert("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), collector.endpoint.clone());
    environment.insert("OTEL_BSP_SCHEDULE_DELAY".to_owned(), "600000".to_owned());
    let function = deployed::function("case-reviews", environment);
    let token = app::TestApp::over(TestDb::empty().await).await.token_for("alice@contract.test");

    let event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/x/0"}},
        "httpMethod": "GET", "path": "/api/case-reviews/cfg-a04-styles", "multiValueQueryStringParameters": {},
        "multiValueHeaders": {"authorization": [format!("Bearer {token}")]}, "body": "", "isBase64Encoded": false,
    });
    let answer: Value = serde_json::from_slice(&function.invoke(event.to_string().into()).await.unwrap()).unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");

    let span = collector.span(ROUTE).await;
    assert_eq!(collector.span("statement").await["parent_span_id"], span["span_id"]);
}
