use axum::body::Bytes;
use http::Response;
use serde_json::json;

use super::{Answer, Sent, saved};

const SENT: Sent<'static> = Sent { authorization: "Bearer one", own_address: "http://host:80" };

fn response(headers: &[(&str, &[u8])], body: &[u8]) -> Response<Bytes> {
    let response = headers.iter().fold(Response::builder(), |response, (name, value)| response.header(*name, *value));
    response.body(Bytes::copy_from_slice(body)).unwrap()
}

fn described(headers: &[(&str, &[u8])], body: &[u8]) -> Answer {
    Answer::describe(&response(headers, body), SENT)
}

#[test]
fn headers_that_clients_rely_on_are_kept_and_joined() {
    let answer =
        described(&[("Vary", b"Origin"), ("vary", b"Accept"), ("server", b"x"), ("access-control-x", b"\xe9")], b"");

    assert_eq!(
        serde_json::to_value(&answer.headers).unwrap(),
        json!({"vary": "Origin, Accept", "access-control-x": "é"})
    );
}

#[test]
fn methods_are_sorted_and_the_own_address_is_left_out() {
    let headers: [(&str, &[u8]); 2] = [("allow", b"OPTIONS,GET, HEAD"), ("location", b"http://host:80/x")];
    let answer = described(&headers, b"see http://host:80/x");

    assert_eq!((answer.header("allow"), answer.header("location")), ("GET, HEAD, OPTIONS", "/x"));
    assert_eq!(answer.text.as_deref(), Some("see /x"));
}

#[test]
fn the_token_sent_is_distinguished_from_another_one() {
    let same = described(&[("authorization", b"Bearer one")], b"");
    let other = described(&[("authorization", b"Bearer two")], b"");

    assert_eq!((same.header("authorization"), &same.token), ("Bearer <the token sent>", &None));
    assert_eq!((other.header("authorization"), other.token.is_some()), ("Bearer <another token>", true));
}

#[test]
fn a_body_is_json_only_if_it_says_so_and_parses() {
    let json: [(&str, &[u8]); 1] = [("content-type", b"application/json; charset=utf-8")];

    assert_eq!(described(&json, b"null").json, Some(json!(null)));
    assert_eq!(described(&json, b"").text.as_deref(), Some(""));
    assert_eq!(described(&json, b"{").text.as_deref(), Some("{"));
    assert_eq!(described(&[], b"{}\xff").text.as_deref(), Some(r"{}\xff"));
}

#[test]
fn an_exact_body_is_compared_as_text() {
    let response = response(&[("content-type", b"application/json")], b"{ }");
    let answer = Answer::describe(&response, SENT).as_text(&response, SENT.own_address);

    assert_eq!((answer.json, answer.text.as_deref()), (None, Some("{ }")));
}

#[test]
fn values_that_differ_between_runs_are_normalised() {
    let answer = described(&[("content-type", b"application/json")], br#"{"data": {"id": 7}}"#);

    let answer = answer.normalised(&["/json/data/id".to_owned(), "/headers/content-type".to_owned()]);

    assert_eq!(
        (answer.json, answer.headers["content-type"].as_str()),
        (Some(json!({"data": {"id": "<integer>"}})), "<string>")
    );
}

#[test]
fn values_are_saved_from_headers_and_body() {
    let step = json!({"method": "GET", "path": "/", "save": {
        "a": "header:x-id", "b": "/data/0/id", "c": "/data/0/count", "d": "/data/1",
    }});
    let response =
        response(&[("x-id", b"7"), ("content-type", b"application/json")], br#"{"data": [{"id": "i", "count": 2}]}"#);

    let saved = saved(&serde_json::from_value(step).unwrap(), &response, &Answer::describe(&response, SENT));

    assert_eq!(saved.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["7", "i", "2", ""]);
}
