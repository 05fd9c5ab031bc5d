use http::{Request, header};
use proptest::prelude::*;
use serde_json::json;
use tests::app::API_KEY;

use crate::check;
use crate::json::{garbled, text};
use crate::service::Service;

/// Dates that are nearly right.
fn date() -> BoxedStrategy<String> {
    let numbers = (0..12_000_u32, 0..14_u8, 0..33_u8, 0..26_u8, 0..62_u8, 0..62_u8, 0..10_000_000_u32);
    let zone = proptest::sample::select(vec!["Z", "", "+02:00", "-99:99", "+0200", "z", " ", "+14:00", "-24:00"]);
    let near = (numbers, zone).prop_map(|((year, month, day, hour, minute, second, fraction), zone)| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}{zone}")
    });
    let garbled =
        garbled(b"2024-05-01T10:00:00.123456Z".to_vec()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    prop_oneof![3 => near, 2 => garbled, 1 => "[0-9TZ:.+-]{0,30}", 1 => text()].boxed()
}

#[test]
fn whatever_the_times_of_a_case_are_they_are_no_fault() {
    let service = Service::new();

    check((date(), date(), date()), |(open, answer, submit)| {
        let body =
            json!({"caseConfigId": "x", "caseOpenTime": open, "answerOpenTime": answer, "answerSubmitTime": submit});
        let request = Request::post("/api/analytics").header(header::CONTENT_TYPE, "application/json");
        // a million take longer than a token is valid
        let authorization = format!("Bearer {}", service.token());
        let request = request.header(header::AUTHORIZATION, authorization).body(body.to_string().into_bytes()).unwrap();
        let status = service.put(request)?;
        prop_assert!(matches!(status, 400 | 503), "{status}");
        Ok(())
    });
}

#[test]
fn whatever_an_export_begins_with_it_is_no_fault() {
    let service = Service::new();

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
