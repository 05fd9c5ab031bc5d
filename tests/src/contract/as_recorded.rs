//! Compares a response with the recorded one, as far as clients rely on it. Texts of frameworks are ignored.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::difference;
use super::scenario::HttpStep;

/// CORS headers, compared if the request has an origin.
const COMPARED_FOR_ORIGINS: [&str; 3] =
    ["access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers"];

/// Returns one line per difference that a client would notice.
pub fn differences(step: &HttpStep, recorded: &Answer, answer: &Answer) -> Vec<String> {
    let is_head = step.method == "HEAD";
    let accepted = accepted_statuses(step, recorded);
    if !accepted.contains(&answer.status) {
        let expected: Vec<String> = accepted.iter().map(u16::to_string).collect();
        let status = format!("status: expected {}, got {}", expected.join(" or "), answer.status);
        let body = (!is_head).then(|| format!("body: {}", answer.body()).chars().take(400).collect());
        return [Some(status), body].into_iter().flatten().collect();
    }
    let has_free_body = is_head || media_type(recorded) == "text/html";
    let body = if has_free_body { vec![] } else { body(recorded, answer) };
    [headers(step, recorded, answer), token(recorded, answer), body].concat()
}

fn accepted_statuses(step: &HttpStep, recorded: &Answer) -> BTreeSet<u16> {
    let bad_token_is_also_401 = recorded.is_about_the_token().then_some(401);
    let admin_clients_read_any_status = recorded.is_business_error() && step.path.starts_with("/admin");
    let business_error_is_also_400 = admin_clients_read_any_status.then_some(400);
    [Some(recorded.status), bad_token_is_also_401, business_error_is_also_400].into_iter().flatten().collect()
}

fn media_type(answer: &Answer) -> &str {
    answer.header("content-type").split(';').next().unwrap_or_default()
}

fn headers(step: &HttpStep, recorded: &Answer, answer: &Answer) -> Vec<String> {
    let mut complaints = vec![];
    let (expected, got) = (media_type(recorded), media_type(answer));
    if expected != got && expected != "text/html" && step.method != "HEAD" {
        complaints.push(format!("content-type: expected {expected}, got {got}"));
    }
    if recorded.headers.contains_key("authorization") && !answer.header("authorization").contains(" <") {
        complaints.push("authorization: no token in the answer".to_owned());
    }
    let file_name = recorded.headers.contains_key("content-disposition").then_some("content-disposition");
    let for_origins = if step.headers.contains_key("Origin") { &COMPARED_FOR_ORIGINS[..] } else { &[] };
    for name in file_name.iter().chain(for_origins) {
        let (expected, got) = (recorded.headers.get(*name), answer.headers.get(*name));
        if expected != got {
            complaints.push(format!("{name}: expected {expected:?}, got {got:?}"));
        }
    }
    complaints
}

fn token(recorded: &Answer, answer: &Answer) -> Vec<String> {
    let Some(expected) = &recorded.token else {
        return vec![];
    };
    let got = answer.token.clone().unwrap_or_default();
    let claims = expected.claims.iter().filter(|(name, _)| *name != "last_login_time");
    let mut complaints: Vec<String> = claims
        .filter(|(name, claim)| got.claims.get(*name) != Some(claim))
        .map(|(name, claim)| format!("token claim {name}: expected {claim}, got {:?}", got.claims.get(name)))
        .collect();
    if expected.lifetime != got.lifetime {
        complaints.push(format!("token lifetime: expected {:?}, got {:?}", expected.lifetime, got.lifetime));
    }
    complaints
}

fn body(recorded: &Answer, answer: &Answer) -> Vec<String> {
    if let Some(error) = recorded.error() {
        return error_complaint(error, recorded.status, answer).into_iter().collect();
    }
    if recorded.is_about_the_token() {
        let complaint = format!("body: expected a msg, got {}", answer.body());
        return if answer.is_about_the_token() { vec![] } else { vec![complaint] };
    }
    match (&recorded.json, &recorded.text) {
        (Some(expected), _) => difference::between(expected, &answer.json.clone().unwrap_or_default(), "body"),
        (None, expected) if *expected == answer.text => vec![],
        (None, expected) => difference::between(&lines(expected.as_deref()), &lines(answer.text.as_deref()), "text"),
    }
}

/// Compares the code of an error, and for business errors the message; other messages are only for people.
fn error_complaint(expected: &Map<String, Value>, status: u16, answer: &Answer) -> Option<String> {
    let got = answer.error();
    let [code, message] = ["code", "message"].map(|key| got.and_then(|error| error.get(key)));
    if expected.get("code").is_some_and(Value::is_string) {
        let is_the_same = code == expected.get("code") && message == expected.get("message");
        return (!is_the_same).then(|| format!("error: expected {}, got {}", json!(expected), answer.body()));
    }
    let accepted = [expected.get("code").cloned().unwrap_or_default(), json!(status)];
    let is_accepted = code.is_some_and(|code| accepted.contains(code));
    (!is_accepted).then(|| format!("error code: expected {}, got {}", accepted[0], answer.body()))
}

fn lines(text: Option<&str>) -> Value {
    text.unwrap_or_default().lines().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::differences;
    use crate::contract::answer::Answer;

    fn compared(step: Value, recorded: &Value, got: &Value) -> Vec<String> {
        let [recorded, got]: [Answer; 2] =
            [recorded, got].map(|answer| serde_json::from_value(answer.clone()).unwrap());
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
    fn a_business_error_is_compared_to_the_word() {
        let was = error(500, json!("1005"), "Incorrect password.");

        assert!(get(&was, &error(500, json!("1005"), "Incorrect password!"))[0].starts_with("error: expected"));
        assert!(
            get(&was, &error(400, json!("1005"), "Incorrect password."))[0]
                .starts_with("status: expected 500, got 400")
        );
    }

    #[test]
    fn admin_clients_take_a_business_error_as_400_too() {
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
            get(&was, &with(was.clone(), "headers", "content-type", json!("application/json; charset=utf-8")))
                .is_empty()
        );
        assert_eq!(
            get(&was, &with(was.clone(), "headers", "content-type", json!("text/plain"))),
            ["content-type: expected application/json, got text/plain"]
        );
    }

    #[test]
    fn html_and_head_are_compared_by_status_alone() {
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
    fn a_token_is_wanted_where_one_was() {
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
}
