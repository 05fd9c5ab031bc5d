//! Sends the load balancer's events directly to function binaries through the Runtime API.

use std::path::Path;

use local::lambda::Function;
use serde_json::Value;
use tests::{deployed, secrets};
use tokio::process::Command;

pub fn event(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/alb/{name}.json"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Starts a function of template.yaml without a database.
pub fn function(name: &str) -> Function {
    let secrets = [
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
        ("JWT_SECRET_KEY", "a key of tests, of more than 32 bytes"),
        ("JWT_SECRET_KEY_REVOKED_VERSIONS", ""),
    ];
    deployed::function(name, secrets.map(|(variable, value)| (variable.to_owned(), value.to_owned())))
}

async fn answer(function: &Function, name: &str) -> Value {
    invoke(function, event(name)).await
}

/// Invokes the function, and waits until its process is idle: the next event would start another process.
pub async fn invoke(function: &Function, event: String) -> Value {
    let answer = function.invoke(event.into()).await.unwrap();
    function.wait_until_idle().await;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let status = answer["statusCode"].as_u64().unwrap().try_into().unwrap();
    secrets::look_at_answer(status, answer["body"].as_str().unwrap().as_bytes());
    answer
}

pub fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn one_process_answers_every_event() {
    let function = function("healthcheck");

    for (name, expected) in [
        ("multi-value", 200),
        ("single-value", 200),
        ("encoded-query", 200),
        ("health-check-without-host", 200),
        ("hostile-host", 200),
        ("hostile-forwarded-proto", 200),
        ("non-ascii-header", 200),
        ("header-with-a-line-break", 400),
        ("path-with-dots", 404),
        ("path-with-encoded-dots", 404),
        ("path-with-a-backslash", 404),
        ("path-with-a-space", 400),
        ("path-without-a-slash", 400),
        ("unknown-path", 404),
        ("wrong-method", 405),
        ("method-that-is-none", 400),
        ("invalid-base64", 400),
        ("not-of-a-load-balancer", 400),
    ] {
        let answer = answer(&function, name).await;

        assert_eq!(answer["statusCode"], expected, "{name}: {answer}");
        for header in ["cache-control", "x-content-type-options"] {
            let (multi, single) = (&answer["multiValueHeaders"][header][0], &answer["headers"][header]);
            assert!(multi.is_string() || single.is_string(), "{name}: {header}: {answer}");
        }
        if expected != 200 {
            assert_eq!(body(&answer)["error"]["code"], expected, "{name}: {answer}");
        }
    }
    assert_eq!(function.processes().len(), 1);
}

#[tokio::test]
async fn the_response_has_the_format_of_the_event() {
    let function = function("healthcheck");

    let multi = answer(&function, "multi-value").await;
    let single = answer(&function, "single-value").await;

    assert_eq!(multi["multiValueHeaders"]["content-type"][0], "application/json");
    assert_eq!(single["headers"]["content-type"], "application/json");
    assert_eq!(body(&multi)["status"], "OK");
}

#[tokio::test]
async fn a_function_without_its_settings_does_not_start() {
    for name in ["answer", "export"] {
        let output = Command::new(deployed::binary(name)).env_clear().output().await.unwrap();

        let log = String::from_utf8(output.stdout).unwrap();
        assert!(log.contains("the function cannot start") && log.contains("DATABASE_URL"), "{name}: {log}");
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[tokio::test]
async fn the_documentation_is_served_by_its_function() {
    let function = function("openapi");
    let mut request: Value = serde_json::from_str(&event("multi-value")).unwrap();

    for (path, content_type) in [("/api/docs", "text/html"), ("/api/openapi.json", "application/json")] {
        request["path"] = path.into();
        let answer = invoke(&function, request.to_string()).await;

        assert_eq!(answer["statusCode"], 200, "{answer}");
        let header = answer["multiValueHeaders"]["content-type"][0].as_str().unwrap();
        assert!(header.starts_with(content_type), "{header}");
    }
}

#[tokio::test]
async fn a_body_is_read_equally_as_text_and_in_base64() {
    let function = function("auth-login");

    let text = answer(&function, "text-body").await;
    let base64 = answer(&function, "base64-body").await;

    assert_eq!((&text["statusCode"], &base64["statusCode"]), (&400.into(), &400.into()));
    assert_eq!(body(&text), body(&base64));
    assert!(body(&text)["error"]["message"].as_str().unwrap().contains("email"), "{text}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_400() {
    let function = function("auth-login");

    for name in ["invalid-base64", "body-that-is-not-utf-8"] {
        assert_eq!(answer(&function, name).await["statusCode"], 400, "{name}");
    }
}

/// Clients may send any bytes in a header, and the load balancer copies them: `Benoît` in Latin-1.
#[tokio::test]
async fn a_header_that_is_not_utf_8_is_a_400_and_the_process_continues() {
    let function = function("healthcheck");
    let mut event = event("multi-value").into_bytes();
    let agent = event.windows(7).position(|bytes| bytes == b"Mozilla").unwrap();
    event[agent] = 0xee;

    let answer = function.invoke(event.into()).await.unwrap();
    function.wait_until_idle().await;

    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["statusCode"], 400, "{answer}");
    assert_eq!(answer["multiValueHeaders"]["content-type"][0], "application/json");
    assert_eq!(self::answer(&function, "multi-value").await["statusCode"], 200);
    assert_eq!(function.processes().len(), 1);
}
