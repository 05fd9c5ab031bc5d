use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeZone as _;
use serde_json::{Value, json};

use super::*;
use crate::secrets::Version;

const KEY: &str = "key-0123456789abcdef-0123456789abcdef";
const NOW: i64 = 1_700_000_000;

fn now() -> DateTime<Utc> {
    Utc.timestamp_opt(NOW, 0).unwrap()
}

fn tokens() -> Tokens {
    Tokens::new(&KEY.into(), Duration::from_secs(900), Duration::from_secs(3600))
}

fn forged(changes: &Value) -> String {
    let mut claims =
        json!({"sub": "alice@clinic.test", "iat": NOW, "nbf": NOW, "exp": NOW + 900, "type": "access", "jti": "1"});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(KEY.as_bytes())).unwrap()
}

fn verdict(changes: &Value) -> Result<VerifiedToken, TokenError> {
    tokens().verify(&forged(changes), now())
}

#[test]
fn accepts_an_issued_token() {
    let token = tokens().issue("alice@clinic.test", false, now()).unwrap();

    let verified = tokens().verify(&token, now()).unwrap();

    assert_eq!(verified.email, "alice@clinic.test");
    assert!(verified.renewed.is_none());
}

#[test]
fn refuses_a_token_of_another_key() {
    let token = Tokens::new(&"another".into(), Duration::from_secs(900), Duration::ZERO)
        .issue("alice@clinic.test", false, now())
        .unwrap();

    assert_eq!(tokens().verify(&token, now()).unwrap_err(), TokenError::Signature);
}

#[test]
fn expires_to_the_second_without_leeway() {
    assert!(verdict(&json!({"exp": NOW + 1})).is_ok());
    assert_eq!(verdict(&json!({"exp": NOW})).unwrap_err(), TokenError::Expired);
}

#[test]
fn allows_thirty_seconds_of_clock_skew() {
    assert!(verdict(&json!({"iat": NOW + 30, "nbf": NOW + 30})).is_ok());
    assert_eq!(verdict(&json!({"iat": NOW + 31})).unwrap_err(), TokenError::NotYetValid);
    assert_eq!(verdict(&json!({"nbf": NOW + 31})).unwrap_err(), TokenError::NotYetValid);
}

#[test]
fn refuses_malformed_claims() {
    for odd in [
        json!({"exp": "4102444800"}),
        json!({"exp": null}),
        json!({"exp": 99_999_999_999_999_i64}),
        json!({"iat": "soon"}),
        json!({"sub": 5}),
        json!({"sub": null}),
        json!({"jti": null}),
        json!({"type": "refresh"}),
        json!({"additional_claims": "x"}),
        json!({"additional_claims": {"last_login_time": "x"}}),
    ] {
        assert!(verdict(&odd).is_err(), "{odd}");
    }
}

#[test]
fn renews_after_half_of_the_lifetime() {
    let young = verdict(&json!({"iat": NOW - 450, "exp": NOW + 450})).unwrap();
    let old = verdict(&json!({"iat": NOW - 451, "exp": NOW + 449})).unwrap();

    assert!(young.renewed.is_none());
    assert_eq!(tokens().verify(&old.renewed.unwrap(), now()).unwrap().email, "alice@clinic.test");
}

#[test]
fn does_not_renew_long_after_the_last_login() {
    let login = Utc.timestamp_opt(NOW - 3600, 0).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();

    let verified = verdict(&json!({"iat": NOW - 800, "exp": NOW + 100, "last_login_time": login})).unwrap();

    assert!(verified.renewed.is_none());
}

#[test]
fn a_renewed_token_keeps_the_login_time() {
    let login = Utc.timestamp_opt(NOW - 3500, 0).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let renewed =
        verdict(&json!({"iat": NOW - 800, "exp": NOW + 100, "last_login_time": login})).unwrap().renewed.unwrap();

    let much_later = Utc.timestamp_opt(NOW + 600, 0).unwrap();

    assert!(tokens().verify(&renewed, much_later).unwrap().renewed.is_none());
}

#[test]
fn refuses_critical_extensions() {
    let mut header = Header::new(Algorithm::HS256);
    header.crit = Some(vec!["b64".to_owned()]);
    let claims = json!({"sub": "alice@clinic.test", "exp": NOW + 900});
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(KEY.as_bytes())).unwrap();

    assert_eq!(tokens().verify(&token, now()).unwrap_err(), TokenError::Malformed);
}

#[test]
fn refuses_a_login_in_the_future() {
    let at = |seconds| Utc.timestamp_opt(NOW + seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();

    for claims in [json!({"last_login_time": at(31)}), json!({"additional_claims": {"last_login_time": at(31)}})] {
        assert_eq!(verdict(&claims).unwrap_err(), TokenError::NotYetValid);
    }
    assert!(verdict(&json!({"last_login_time": at(29)})).is_ok(), "within the leeway");
}

/// Returns the claim `admin_flag` of a token.
fn admin_flag(token: &str) -> Option<Value> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&claims).unwrap().get("admin_flag").cloned()
}

#[test]
fn a_renewed_token_keeps_the_admin_flag() {
    for (claims, expected) in [
        (json!({"admin_flag": true}), Some(json!(true))),
        (json!({"admin_flag": false}), Some(json!(false))),
        (json!({}), None),
        (json!({"admin_flag": "yes"}), None),
    ] {
        let mut old = json!({"iat": NOW - 451, "exp": NOW + 449});
        old.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());

        let renewed = verdict(&old).unwrap().renewed.unwrap();

        assert_eq!(admin_flag(&renewed), expected, "{claims}");
    }
}

/// Returns tokens whose key is at its first numbered version.
fn rotating() -> Tokens {
    let tokens = tokens();
    put_version(&tokens, 1);
    tokens
}

fn put_version(tokens: &Tokens, number: i64) {
    let since = Utc.timestamp_opt(NOW + (number - 1) * 300, 0).unwrap();
    let value = format!("{KEY}-{number}").into();
    assert!(tokens.key.observe(&Version { number: Some(number), value, since }, now()));
}

/// Returns the renewal of a token that is 500 seconds old.
fn renewed(tokens: &Tokens, token: &str) -> String {
    tokens.verify(token, now() + TimeDelta::seconds(500)).unwrap().renewed.unwrap()
}

#[test]
fn a_token_of_a_newer_key_version_makes_a_process_look_for_it() {
    let (behind, ahead) = (rotating(), rotating());
    put_version(&ahead, 2);

    let [old, new] = [&behind, &ahead].map(|tokens| tokens.issue("alice@clinic.test", false, now()).unwrap());

    assert_eq!([&old, &new].map(|token| behind.may_miss_key_of(token)), [false, true]);
}

#[test]
fn revoking_any_earlier_key_version_invalidates_a_renewed_token() {
    for revoked in [1, 2, 3] {
        let tokens = rotating();
        let mut token = tokens.issue("alice@clinic.test", false, now()).unwrap();
        put_version(&tokens, 2);
        token = renewed(&tokens, &token);
        put_version(&tokens, 3);
        let again = now() + TimeDelta::seconds(1000);
        token = tokens.verify(&token, again).unwrap().renewed.unwrap();
        assert!(tokens.verify(&token, again).is_ok());

        tokens.key.revoke(&BTreeSet::from([revoked]));

        assert!(tokens.verify(&token, again).is_err(), "{revoked}");
    }
}

#[test]
fn a_renewed_token_records_the_version_that_signed_its_predecessor() {
    let tokens = rotating();
    let claims = json!({"sub": "alice@clinic.test", "iat": NOW, "exp": NOW + 900, "key_versions": [7]});
    let key = EncodingKey::from_secret(format!("{KEY}-1").as_bytes());
    let forged = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
    put_version(&tokens, 2);

    let renewed = renewed(&tokens, &forged);
    tokens.key.revoke(&BTreeSet::from([1]));

    let later = now() + TimeDelta::seconds(500);
    assert_eq!(tokens.verify(&renewed, later).unwrap_err(), TokenError::Revoked, "despite the claim that it presented");
}

#[test]
fn refuses_too_many_or_non_numeric_key_versions() {
    for versions in [json!("1"), json!(["1"]), json!((0..101).collect::<Vec<_>>())] {
        assert_eq!(verdict(&json!({"key_versions": versions})).unwrap_err(), TokenError::Malformed);
    }
    assert!(verdict(&json!({"key_versions": (0..100).collect::<Vec<_>>()})).is_ok());
}

#[test]
fn a_token_without_iat_was_issued_when_its_lifetime_began() {
    let verified = verdict(&json!({"iat": null, "exp": NOW + 800})).unwrap();

    assert_eq!(verified.logged_in_at.timestamp(), NOW - 100);
}
