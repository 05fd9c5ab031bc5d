use http::{Request, header};
use proptest::prelude::*;
use serde_json::json;
use tests::app::API_KEY;
use tests::service::Service;

use crate::check;
use crate::json::{garbled, text};

/// Generates valid and almost valid dates.
pub fn date() -> BoxedStrategy<String> {
    let numbers = (0..12_000_u32, 0..14_u8, 0..33_u8, 0..26_u8, 0..62_u8, 0..62_u8, 0..10_000_000_u32);
    let zone = proptest::sample::select(vec!["Z", "", "+02:00", "-99:99", "+0200", "z", " ", "+14:00", "-24:00"]);
    let near = (numbers, zone).prop_map(|((year, month, day, hour, minute, second, fraction), zone)| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}{zone}")
    });
    let garbled =
        garbled(b"2024-05-01T10:00:00.123456Z".to_vec()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    // valid in chrono, but not in PostgreSQL, or without a four-digit year
    let far = [
        "-262143-01-01T00:00:00Z",
        "+262142-12-31T23:59:59Z",
        "-4714-11-23T00:00:00Z",
        "+294277-01-01T00:00:00Z",
        "infinity",
    ];
    let far = proptest::sample::select(far.to_vec()).prop_map(str::to_owned);
    prop_oneof![3 => near, 1 => far, 2 => garbled, 1 => "[0-9TZ:.+-]{0,30}", 1 => text()].boxed()
}

/// Returns a request with the times of an assigned case.
pub fn timing(token: &str, (open, answer, submit): &(String, String, String)) -> Request<Vec<u8>> {
    let body = json!({
        "caseConfigId": "cfg-a03-empty", "caseOpenTime": open, "answerOpenTime": answer, "answerSubmitTime": submit});
    let request = Request::post("/api/analytics").header(header::CONTENT_TYPE, "application/json");
    authorized(request, token, body.to_string().into_bytes())
}

pub fn authorized(request: http::request::Builder, token: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    request.header(header::AUTHORIZATION, format!("Bearer {token}")).body(body).unwrap()
}

#[test]
fn no_times_of_a_case_cause_a_server_error() {
    let service = Service::without_data();

    check((date(), date(), date()), |times| {
        // a million requests take longer than a token is valid
        let status = service.put(timing(&service.token(), &times))?;
        prop_assert!(matches!(status, 400 | 503), "{status}");
        Ok(())
    });
}

#[test]
fn no_start_of_an_export_causes_a_server_error() {
    let service = Service::without_data();

    check((date(), text(), text()), |(since, limit, cursor)| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("since", &since)
            .append_pair("limit", &limit)
            .append_pair("cursor", &cursor)
            .finish();
        let request = Request::get(format!("/api/v1/export/answers?{query}")).header("x-api-key", API_KEY);
        let Ok(request) = request.body(Vec::new()) else { return Ok(()) };
        let status = service.put(request)?;
        prop_assert!(matches!(status, 400 | 503), "{status}");
        Ok(())
    });
}
