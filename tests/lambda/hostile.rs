//! Hostile events, sent directly to function binaries: each is refused, and the process continues.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tests::process::memory;

use crate::fixtures::{body, event, function, invoke};

const MEGABYTE: usize = 1_048_576;

/// Returns the event of a login with this body.
fn log_in(body: &[u8], encoding: Option<&str>) -> String {
    let mut login: Value = serde_json::from_str(&event("text-body")).unwrap();
    login["body"] = json!(STANDARD.encode(body));
    login["isBase64Encoded"] = json!(true);
    if let Some(encoding) = encoding {
        login["multiValueHeaders"]["content-encoding"] = json!([encoding]);
    }
    login.to_string()
}

fn deep(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(50_000), close.repeat(50_000))
}

#[tokio::test]
async fn deep_json_is_a_bad_request_in_a_body_and_in_an_event() {
    let function = function("auth-login");

    for (open, close) in [("[", "]"), (r#"{"password":"#, "}"), (r#"{"email":["#, "]}")] {
        let deep = deep(open, close);
        let as_text = event("text-body").replace(r#""{\"password\": \"Password1!\"}""#, &json!(deep).to_string());

        for event in [log_in(deep.as_bytes(), None), as_text, deep] {
            let answer = invoke(&function, event).await;
            assert_eq!((&answer["statusCode"], &body(&answer)["error"]["code"]), (&json!(400), &json!(400)), "{open}");
        }
    }
    assert_eq!(function.processes().len(), 1, "an event ended the process");
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let function = function("auth-login");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..100 {
        bomb.write_all(&vec![b' '; 1_000_000]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(STANDARD.encode(&bomb).len() < MEGABYTE, "too large for the load balancer");

    let answer = invoke(&function, log_in(&bomb, Some("gzip"))).await;

    assert_eq!(answer["statusCode"], 400);
    let (_, peak) = memory(function.processes()[0].pid());
    assert!(peak < 80, "it was unpacked to 100 MB");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let function = function("auth-login");

    for size in [MEGABYTE + 1, 4 * MEGABYTE] {
        assert_eq!(invoke(&function, log_in(&vec![b' '; size], None)).await["statusCode"], 413, "{size}");
    }
    assert_eq!(function.processes().len(), 1);
}
