use serde_json::{Value, json};

use super::differences;
use crate::contract::answer::Answer;

fn compared(step: Value, recorded: &Value, got: &Value) -> Vec<String> {
    let [recorded, got]: [Answer; 2] = [recorded, got].map(|answer| serde_json::from_value(answer.clone()).unwrap());
    differences(&serde_json::from_value(step).unwrap(), &recorded, &got)
}

fn get(recorded: &Value, got: &Value) -> Vec<String> {
    compared(json!({"method": "GET", "path": "/api/x"}), recorded, got)
}

fn with(mut answer: Value, key: &str, name: &str, value: Value) -> Value {
    answer[key][name] = value;
    answer
}

fn error(status: u16, code: Value, message: &str) -> Value {
    let body = json!({"data": null, "error": {"code": code, "message": message}});
    json!({"status": status, "headers": {"content-type": "application/json"}, "json": body})
}

#[test]
fn a_bad_token_may_be_401_where_422_was() {
    let was = json!({"status": 422, "headers": {}, "json": {"msg": "Signature verification failed"}});
    let now = json!({"status": 401, "headers": {}, "json": {"msg": "Invalid token"}});
    let without_msg = json!({"status": 401, "headers": {}, "json": {}});

    assert!(get(&was, &now).is_empty());
    assert_eq!(get(&was, &without_msg), ["body: expected a msg, got {}"]);
}

#[test]
fn the_text_of_a_business_error_is_compared_exactly() {
    let was = error(500, json!("1005"), "Incorrect password.");

    assert!(get(&was, &error(500, json!("1005"), "Incorrect password!"))[0].starts_with("error: expected"));
    assert!(
        get(&was, &error(400, json!("1005"), "Incorrect password."))[0].starts_with("status: expected 500, got 400")
    );
}

#[test]
fn admin_clients_also_accept_a_business_error_as_400() {
    let step = |path| json!({"method": "POST", "path": path});
    let [was, now] = [500, 400].map(|status| error(status, json!("1020"), "Invalid answer config."));

    assert!(compared(step("/admin/config/answer"), &was, &now).is_empty());
    assert!(!compared(step("/api/admin/config/upload"), &was, &now).is_empty());
}

#[test]
fn the_text_of_any_other_error_is_free_but_its_code_is_not() {
    let was = error(404, json!(404), "404 Not Found");

    assert!(get(&was, &error(404, json!(404), "No such path")).is_empty());
    for code in [json!("404"), json!(404.0), json!(400), json!(null)] {
        assert!(!get(&was, &error(404, code.clone(), "No such path")).is_empty(), "{code} passed");
    }
}

#[test]
fn the_media_type_counts_but_not_its_parameters() {
    let was = json!({"status": 200, "headers": {"content-type": "application/json"}, "json": 1});

    assert!(
        get(&was, &with(was.clone(), "headers", "content-type", json!("application/json; charset=utf-8"))).is_empty()
    );
    assert_eq!(
        get(&was, &with(was.clone(), "headers", "content-type", json!("text/plain"))),
        ["content-type: expected application/json, got text/plain"]
    );
}

#[test]
fn html_and_head_are_compared_only_by_status() {
    let html = json!({"status": 405, "headers": {"content-type": "text/html"}, "text": "<h1>"});
    let now = error(405, json!(405), "m");

    assert!(get(&html, &now).is_empty());
    assert!(
        compared(json!({"method": "HEAD", "path": "/"}), &now, &json!({"status": 405, "headers": {}, "text": ""}))
            .is_empty()
    );
    assert!(!get(&html, &error(404, json!(404), "m")).is_empty());
}

#[test]
fn a_token_is_required_where_one_was_recorded() {
    let was = json!({"status": 200, "headers": {"authorization": "Bearer <the token sent>"}, "text": ""});
    let renewed = with(was.clone(), "headers", "authorization", json!("Bearer <another token>"));

    assert!(get(&was, &renewed).is_empty());
    assert_eq!(
        get(&was, &json!({"status": 200, "headers": {}, "text": ""})),
        ["authorization: no token in the answer"]
    );
}

#[test]
fn a_new_token_has_the_claims_and_the_lifetime_of_the_recorded_one() {
    let token = json!({"claims": {"sub": "a", "fresh": true, "last_login_time": "x"}, "lifetime": 900});
    let was = json!({"status": 200, "headers": {}, "text": "", "token": token});

    let other_claims = with(was.clone(), "token", "claims", json!({"sub": "a", "fresh": 1, "extra": 1}));
    let other_lifetime = with(was.clone(), "token", "lifetime", json!(901));

    assert_eq!(get(&was, &other_claims), ["token claim fresh: expected true, got Some(Number(1))"]);
    assert_eq!(get(&was, &other_lifetime), ["token lifetime: expected Some(900), got Some(901)"]);
    assert!(get(&was, &was).is_empty());
}

#[test]
fn cors_headers_count_where_the_request_names_an_origin() {
    let was = json!({"status": 200, "headers": {"access-control-allow-origin": "http://a"}, "text": ""});
    let now = json!({"status": 200, "headers": {}, "text": ""});
    let from_origin = json!({"method": "GET", "path": "/", "headers": {"Origin": "http://a"}});

    assert!(get(&was, &now).is_empty());
    assert_eq!(
        compared(from_origin, &was, &now),
        [r#"access-control-allow-origin: expected Some("http://a"), got None"#]
    );
}

#[test]
fn a_file_keeps_its_name_and_its_lines() {
    let headers = json!({"content-type": "text/csv", "content-disposition": "attachment; filename=export.csv"});
    let was = json!({"status": 200, "headers": headers, "text": "a,b\r\n1,2\r\n"});
    let mut now = with(was.clone(), "headers", "content-disposition", json!("inline"));
    now["text"] = json!("a,b\n1,3\n");

    let complaints = get(&was, &now);

    assert!(complaints[0].starts_with("content-disposition: expected"), "{complaints:?}");
    assert_eq!(complaints[1], r#"text/1: expected "1,2", got "1,3""#);
}
