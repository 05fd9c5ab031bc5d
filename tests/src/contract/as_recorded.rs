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
mod tests;
