//! Events that functions get for requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use serde_json::{Value, json};

use crate::platform::Platform;

#[tokio::test]
async fn every_value_of_a_query_parameter_arrives_undecoded() {
    let platform = Platform::start().await;

    let event = platform.get("/echo/a%2Fb?x=1&y=%20%2B&x=2+3").await.json();

    assert_eq!(event["multiValueQueryStringParameters"], json!({"x": ["1", "2+3"], "y": ["%20%2B"]}));
    assert_eq!(event["path"], "/echo/a%2Fb");
}

#[tokio::test]
async fn every_value_of_a_header_arrives_under_its_lower_case_name() {
    let platform = Platform::start().await;

    let request = Request::get("/echo").header("X-Many", "1").header("x-many", "2");
    let event = platform.send(request.body("").unwrap()).await.json();

    assert_eq!(event["multiValueHeaders"]["x-many"], json!(["1", "2"]));
    assert!(event.get("headers").is_none() && event.get("queryStringParameters").is_none());
}

#[tokio::test]
async fn without_multi_value_headers_the_last_value_arrives() {
    let platform = Platform::start().await;

    let request = Request::get("/single-value?x=1&x=2").header("x-many", "1").header("x-many", "2");
    let event = platform.send(request.body("").unwrap()).await.json();

    assert_eq!((&event["queryStringParameters"], &event["headers"]["x-many"]), (&json!({"x": "2"}), &json!("2")));
    assert!(event.get("multiValueHeaders").is_none() && event.get("multiValueQueryStringParameters").is_none());
}

#[tokio::test]
async fn an_event_has_all_documented_fields() {
    let platform = Platform::start().await;

    platform.send(Request::post("/echo").header("content-type", "application/json").body("{}").unwrap()).await;

    let event: Value = serde_json::from_slice(&platform.function("echo").last_event().unwrap()).unwrap();
    let arn = event["requestContext"]["elb"]["targetGroupArn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:elasticloadbalancing:") && arn.contains(":targetgroup/EchoTargetGroup/"), "{arn}");
    assert_eq!((&event["httpMethod"], &event["path"]), (&json!("POST"), &json!("/echo")));
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)));
    assert_eq!(event["multiValueQueryStringParameters"], json!({}));
}

#[tokio::test]
async fn forwarded_headers_name_the_client() {
    let platform = Platform::start().await;
    let port = platform.load_balancer.address().port().to_string();

    let request = Request::get("/echo").header("x-forwarded-for", "203.0.113.9").header("x-forwarded-proto", "::::");
    let headers = platform.send(request.body("").unwrap()).await.json()["multiValueHeaders"].take();

    assert_eq!(headers["x-forwarded-for"], json!(["203.0.113.9, 127.0.0.1"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["http"]));
    assert_eq!(headers["x-forwarded-port"], json!([port]));
    assert!(headers["x-amzn-trace-id"][0].as_str().unwrap().starts_with("Root=1-"));
}

#[tokio::test]
async fn a_trace_keeps_its_root_and_reaches_the_invocation() {
    let platform = Platform::start().await;
    let root = "Root=1-67891233-abcdef012345678912345678";

    let request = Request::get("/echo").header("x-amzn-trace-id", root).header("x-echo", "invocation");
    let invocation = platform.send(request.body("").unwrap()).await.json();

    let trace = invocation["traceId"].as_str().unwrap();
    assert!(trace.starts_with("Self=1-") && trace.ends_with(root), "{trace}");
    assert_eq!(invocation["functionArn"], "arn:aws:lambda:us-east-1:123456789012:function:EchoFunction");
    assert!(invocation["deadline"].as_u64().unwrap() > 1_700_000_000_000);
}

#[tokio::test]
async fn a_multipart_body_arrives_in_base64() {
    let platform = Platform::start().await;
    let body = b"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\xfe\r\n--x--\r\n";

    let request = Request::post("/echo").header("content-type", "multipart/form-data; boundary=x");
    let event = platform.send(request.body(&body[..]).unwrap()).await.json();

    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(STANDARD.encode(body)), &json!(true)));
}

#[tokio::test]
async fn text_arrives_unchanged_and_other_bodies_in_base64() {
    let platform = Platform::start().await;

    for (content_type, encoding, expected) in [
        ("application/json; charset=utf-8", "", json!("né")),
        ("text/csv", "", json!("né")),
        ("application/json", "gzip", json!(STANDARD.encode("né"))),
        ("application/x-www-form-urlencoded", "", json!(STANDARD.encode("né"))),
    ] {
        let mut request = Request::post("/echo").header("content-type", content_type);
        if !encoding.is_empty() {
            request = request.header("content-encoding", encoding);
        }
        let event = platform.send(request.body("né").unwrap()).await.json();
        assert_eq!(event["body"], expected, "{content_type} {encoding}");
    }
}
