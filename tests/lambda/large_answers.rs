//! Responses that are too large for the load balancer.

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::{Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tests::app::API_KEY;
use tests::db::TestDb;
use tests::{deployed, form, secrets};

/// Number of rows whose request has less than a megabyte, and whose response more. Their addresses are long, because a
/// slow machine could not store more rows in time.
const MANY: usize = 8_000;

/// Returns an address of 65 characters and the domain's.
fn address(number: usize, domain: usize) -> String {
    format!("{number:0>60}@{}.org", "x".repeat(domain))
}

fn csv() -> String {
    let reader = address(0, 15);
    let rows: Vec<_> = (0..MANY).map(|case| format!("{reader},{case},A.B\n")).collect();
    format!("User,Case No.,Path\n{}", rows.concat())
}

fn batch() -> Value {
    let reader = address(0, 15);
    let entries = (0..MANY).map(|case| json!({"user_email": reader, "case_id": case}));
    json!({ "configs": entries.collect::<Vec<_>>() })
}

fn invitations() -> Value {
    json!({ "users": (0..MANY).map(|n| json!({"email": address(n, 45)})).collect::<Vec<_>>() })
}

fn experiment() -> Value {
    json!({"name": "large", "arms": ["ai"], "case_pool": vec![""; 200_000]})
}

async fn counts(db: &TestDb) -> [i64; 3] {
    let counts = r#"SELECT ARRAY[(SELECT count(*) FROM display_config), (SELECT count(*) FROM "user"), (SELECT count(*) FROM experiment)]"#;
    let counts: Vec<i64> = sqlx::query_scalar(counts).fetch_one(&db.pool).await.unwrap();
    counts.try_into().unwrap()
}

#[tokio::test]
async fn a_request_with_a_response_that_is_too_large_stores_nothing() {
    let db = TestDb::with_contract_data().await;
    let load_balancer = deployed::start(&db.url()).await;
    let client = Client::builder(TokioExecutor::new()).build_http::<Body>();
    let before = counts(&db).await;

    for (path, content_type, body) in [
        ("/admin/config/upload", form::CONTENT_TYPE, form::with_file(csv())),
        ("/api/admin/config/upload", form::CONTENT_TYPE, form::with_file(csv())),
        ("/api/v1/configs/batch", "application/json", batch().to_string().into_bytes()),
        ("/admin/users", "application/json", invitations().to_string().into_bytes()),
        ("/api/v1/experiments", "application/json", experiment().to_string().into_bytes()),
    ] {
        assert!(body.len() < 1_000_000, "{path}: too large for the load balancer");
        let request = Request::post(format!("http://{}{path}", load_balancer.address()));
        let request = request.header("x-api-key", API_KEY).header(header::CONTENT_TYPE, content_type);
        let answer = client.request(request.body(Body::from(body)).unwrap()).await.unwrap();

        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        let answer = answer.into_body().collect().await.unwrap().to_bytes();
        secrets::look_at_answer(413, &answer);
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["error"]["message"].as_str().unwrap().starts_with("Nothing was stored"), "{path}: {answer}");
    }
    assert_eq!(counts(&db).await, before);
}
