use super::*;

fn complaint(method: &str, path: &str, status: u16, body: Value) -> Option<String> {
    let document = json!({ "paths": { "/things/{id}": { "get": { "responses": { "200": { "content": {
        "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } }
    } } } } } }, "components": { "schemas": { "Thing": { "type": "object", "properties": { "id": { "type": "integer" } } } } } });
    let request = Request::builder().method(method).uri(path).body(Bytes::new()).unwrap();
    let response = Response::builder().status(status).header("content-type", "application/json; charset=utf-8");
    Description::of(&document).complaint(&request, &response.body(Bytes::from(body.to_string())).unwrap())
}

#[test]
fn described_requests_and_responses_pass() {
    assert_eq!(complaint("GET", "/things/7", 200, json!({ "id": 7 })), None);
    assert_eq!(complaint("GET", "/nothing", 404, json!({})), None);
    assert_eq!(complaint("POST", "/things/7", 405, json!({})), None);
}

#[test]
fn undescribed_requests_and_responses_are_complaints() {
    for (method, path, status, body) in [
        ("GET", "/things/7", 404, json!({})),
        ("GET", "/things/7", 200, json!({ "id": "7" })),
        ("GET", "/things/7", 200, json!({ "id": 7, "more": 1 })),
        ("POST", "/things/7", 200, json!({})),
        ("GET", "/things", 200, json!({})),
    ] {
        assert!(complaint(method, path, status, body.clone()).is_some(), "{method} {path} {status} {body}");
    }
}
