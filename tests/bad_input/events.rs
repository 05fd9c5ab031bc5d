use proptest::prelude::*;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use tests::app::API_KEY;
use tests::service::Service;

use crate::check;
use crate::json::{like, text, value};

const NAMES: &[&str] = &[
    "requestContext",
    "elb",
    "httpMethod",
    "path",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "headers",
    "multiValueHeaders",
    "body",
    "isBase64Encoded",
    "authorization",
    "content-type",
    "host",
    "x-api-key",
    "x-forwarded-proto",
    "accept",
    "limit",
];

fn event() -> Value {
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/x/0"}},
        "httpMethod": "POST", "path": "/api/v1/experiments",
        "multiValueQueryStringParameters": {"limit": ["10"], "since": ["2024-05-02T00%3A00%2B02%3A00"]},
        "multiValueHeaders": {
            "accept": ["text/csv"], "authorization": ["Bearer x"], "content-type": ["application/json"], "host": ["localhost"],
            "x-api-key": [API_KEY], "x-forwarded-proto": ["https"]
        },
        "body": "{\"name\": \"A\", \"arms\": [\"a\"]}", "isBase64Encoded": false
    })
}

fn single_valued() -> Value {
    let mut event = event();
    let fields = event.as_object_mut().unwrap();
    fields.remove("multiValueHeaders");
    fields.remove("multiValueQueryStringParameters");
    fields.insert("headers".to_owned(), json!({"content-type": "application/json", "x-api-key": API_KEY}));
    fields.insert("queryStringParameters".to_owned(), json!({"limit": "10"}));
    event
}

/// Generates events with any method, path, query and headers.
fn request() -> impl Strategy<Value = Value> {
    let method =
        prop_oneof![proptest::sample::select(vec!["GET", "POST", "PATCH", "OPTIONS"]).prop_map(str::to_owned), text()];
    let path = prop_oneof![
        proptest::sample::select(crate::bodies::PATHS).prop_map(str::to_owned),
        text().prop_map(|text| format!("/api/case-reviews/{text}")),
        text().prop_map(|text| format!("/{text}")),
        text(),
    ];
    (method, path, text(), text(), text(), text(), any::<bool>()).prop_map(
        |(method, path, name, one, other, body, is_base64)| {
            let mut event = event();
            event["httpMethod"] = json!(method);
            event["path"] = json!(path);
            event["multiValueQueryStringParameters"][&name] = json!([one, other]);
            event["multiValueHeaders"][&name] = json!([other, one]);
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(is_base64);
            event
        },
    )
}

#[test]
fn every_event_gets_a_response_that_the_load_balancer_accepts() {
    let service = Service::without_data();
    let events = prop_oneof![value(NAMES), like(event(), NAMES), like(single_valued(), NAMES), request()];

    check(events, |event| service.invoke(to_raw_value(&event).unwrap()));
}
