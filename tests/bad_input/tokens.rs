use chrono::Utc;
use http::{HeaderValue, Request, header};
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::app::JWT_SECRET_KEY;
use tests::service::Service;

use crate::check;
use crate::json::{garbled, like, value};

const NAMES: &[&str] = &["sub", "iat", "nbf", "exp", "jti", "type", "fresh", "csrf", "last_login_time", "kid"];

fn cases(authorization: &[u8]) -> Option<Request<Vec<u8>>> {
    let value = HeaderValue::from_bytes(authorization).ok()?;
    Request::get("/api/cases").header(header::AUTHORIZATION, value).body(Vec::new()).ok()
}

#[test]
fn a_garbled_token_is_refused() {
    let service = Service::without_data();
    let good = format!("Bearer {}", service.token()).into_bytes();
    let same = good.clone();

    check(garbled(good), move |garbled| {
        let Some(request) = cases(&garbled) else { return Ok(()) };
        let status = service.put(request)?;
        // blanks around a token are ignored, and the scheme is case-insensitive
        let token =
            |text: &[u8]| String::from_utf8_lossy(text).trim().split(' ').skip(1).collect::<String>().trim().to_owned();
        prop_assert!(status == 401 || token(&garbled) == token(&same), "{status}");
        Ok(())
    });
}

/// The tokens are signed with the service's key, so that their claims are read.
#[test]
fn no_claims_of_a_token_cause_a_server_error() {
    let service = Service::without_data();
    let now = Utc::now().timestamp();
    let good = json!({
        "sub": "alice@contract.test", "iat": now, "nbf": now, "exp": now + 900, "jti": "55555555-5555-4555-8555-555555555555",
        "type": "access", "fresh": true, "csrf": "x", "last_login_time": "2026-03-02T08:00:00.000000"});
    let key = EncodingKey::from_secret(JWT_SECRET_KEY.as_bytes());

    check(prop_oneof![3 => like(good, NAMES), 1 => value(NAMES)], move |claims: Value| {
        let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
        let status = service.put(cases(format!("Bearer {token}").as_bytes()).unwrap())?;
        prop_assert!(matches!(status, 401 | 503), "{status}");
        Ok(())
    });
}
