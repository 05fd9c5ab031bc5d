use super::*;
use serde_json::{Value, json};

fn event(changes: &Value) -> Value {
    let mut event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/cases/0"}},
        "httpMethod": "GET", "path": "/api/cases", "multiValueQueryStringParameters": {}, "multiValueHeaders": {},
        "body": "", "isBase64Encoded": false
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

fn request(changes: &Value) -> Result<Request<Body>, EventError> {
    into_request(&event(changes))
}

fn into_request(event: &Value) -> Result<Request<Body>, EventError> {
    Event::parse(&serde_json::value::to_raw_value(event).unwrap())?.into_request("id")
}

#[test]
fn keeps_the_query_as_it_was_sent() {
    let request = request(
        &json!({"multiValueQueryStringParameters": {"since": ["2024-05-02T00%3A00%2B02%3A00"], "x": ["1", "2"]}}),
    )
    .unwrap();

    assert_eq!(request.uri().query(), Some("since=2024-05-02T00%3A00%2B02%3A00&x=1&x=2"));
}

#[test]
fn keeps_every_value_of_a_header() {
    let request = request(&json!({"multiValueHeaders": {"accept": ["text/csv", "*/*"]}})).unwrap();

    assert_eq!(request.headers().get_all("accept").iter().count(), 2);
}

#[test]
fn reads_single_valued_maps() {
    let request = into_request(
        &json!({"httpMethod": "GET", "path": "/x", "queryStringParameters": {"a": "1"}, "headers": {"host": "h"}, "body": null}),
    )
    .unwrap();

    assert_eq!(request.uri(), "/x?a=1");
    assert_eq!(request.headers()["host"], "h");
}

#[test]
fn keeps_an_unusual_path_as_it_was_sent() {
    assert_eq!(
        request(&json!({"path": "/api/../admin%2Fusers/%2e"})).unwrap().uri().path(),
        "/api/../admin%2Fusers/%2e"
    );
}

#[test]
fn accepts_a_malformed_host_header() {
    assert!(request(&json!({"multiValueHeaders": {"host": ["a b<>/@:99999"], "x-forwarded-proto": ["::::"]}})).is_ok());
}

#[test]
fn refuses_more_headers_than_a_request_can_have() {
    let names: Value = (0..40_000).map(|n| (format!("x-{n}"), json!(["1"]))).collect();
    let values = json!({"x": vec!["1"; 40_000]});

    for headers in [names, values] {
        assert_eq!(request(&json!({ "multiValueHeaders": headers })).unwrap_err(), EventError::Header);
    }
}

#[test]
fn refuses_bytes_that_are_not_utf_8_wherever_they_are() {
    let whole = event(&json!({"multiValueHeaders": {"user-agent": ["Beno?t"]}, "path": "/a?b"})).to_string();
    for at in whole.match_indices('?').map(|(at, _)| at) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = 0xee;
        let marked = RawValue::from_string(marked_if_not_utf_8(&bytes).unwrap()).unwrap();

        let parsed = Event::parse(&marked).unwrap();

        assert_eq!(parsed.source, Source::LoadBalancer { is_multi_value: true });
        assert_eq!(parsed.into_request("id").unwrap_err(), EventError::NotUtf8);
    }
    assert_eq!(marked_if_not_utf_8(whole.as_bytes()), None);
}

#[test]
fn the_address_of_the_connection_follows_what_the_client_claims() {
    for (source, expected) in [("198.51.100.7", &["203.0.113.9", "198.51.100.7"][..]), ("", &["203.0.113.9"])] {
        let event = json!({
            "version": "2.0", "rawPath": "/api/cases", "headers": {"x-forwarded-for": "203.0.113.9"},
            "requestContext": {"http": {"method": "GET", "sourceIp": source}}
        });

        let request = into_request(&event).unwrap();

        let addresses: Vec<_> = request.headers().get_all("x-forwarded-for").iter().collect();
        assert_eq!(addresses, expected);
    }
}

#[test]
fn refuses_events_that_are_not_http_requests() {
    for (changes, error) in [
        (json!({"path": "no-slash"}), EventError::Uri),
        (json!({"path": "/a b"}), EventError::Uri),
        (json!({"httpMethod": "GET IT"}), EventError::Method),
        (json!({"multiValueHeaders": {"a\nb": ["x"]}}), EventError::Header),
        (json!({"body": "%%%", "isBase64Encoded": true}), EventError::Body),
        (json!({"path": 5}), EventError::NotHttp),
    ] {
        assert_eq!(request(&changes).unwrap_err(), error, "{changes}");
    }
}

#[test]
fn only_a_stage_tells_a_rest_api_from_a_load_balancer() {
    let source = |context: Value| {
        let event = event(&json!({ "requestContext": context }));
        Event::parse(&serde_json::value::to_raw_value(&event).unwrap()).unwrap().source
    };

    assert_eq!(source(json!({"stage": "prod"})), Source::RestApi);
    assert_eq!(source(json!({})), Source::LoadBalancer { is_multi_value: true });
}
