//! Forges a step's tokens, and describes tokens that a server issued.

use std::str::FromStr;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::shape;

/// In seconds.
const LIFETIME: i64 = 900;

/// Differences between a forged token and the one that a server would issue to alice.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ForgedToken {
    raw: Option<String>,
    claims: Map<String, Value>,
    without: Vec<String>,
    header: Map<String, Value>,
    secret: Option<String>,
}

/// The compared parts of an issued token; all are absent if the token cannot be read.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct IssuedToken {
    /// Claims that differ between tokens are shapes.
    #[serde(default)]
    pub claims: Map<String, Value>,
    /// Seconds from `iat` to `exp`.
    #[serde(default)]
    pub lifetime: Option<i64>,
}

impl ForgedToken {
    /// Signs the token with `secret`, unless the step has another one. `now` is in seconds since 1970.
    pub fn sign(&self, secret: &str, now: i64) -> Result<String, jsonwebtoken::errors::Error> {
        if let Some(raw) = &self.raw {
            return Ok(raw.clone());
        }
        let mut header = Map::from_iter([("alg".to_owned(), json!("HS256")), ("typ".to_owned(), json!("JWT"))]);
        header.extend(self.header.clone());
        let claims = self.claims(now);
        let signed =
            [header.clone(), claims].map(|part| URL_SAFE_NO_PAD.encode(Value::Object(part).to_string())).join(".");

        let algorithm = header["alg"].as_str().unwrap_or_default();
        if algorithm == "none" {
            return Ok(format!("{signed}."));
        }
        let key = EncodingKey::from_secret(self.secret.as_deref().unwrap_or(secret).as_bytes());
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::from_str(algorithm)?)?;
        Ok(format!("{signed}.{signature}"))
    }

    fn claims(&self, now: i64) -> Map<String, Value> {
        let issued = json!({
            "fresh": true, "iat": now, "jti": Uuid::new_v4(), "type": "access",
            "sub": "alice@contract.test", "nbf": now, "csrf": Uuid::new_v4(), "exp": now + LIFETIME,
        });
        let Value::Object(mut claims) = issued else { unreachable!("an object literal") };
        for (name, value) in &self.claims {
            let value = seconds_from_now(value).map_or_else(|| value.clone(), |seconds| json!(now + seconds));
            claims.insert(name.clone(), value);
        }
        claims.retain(|name, _| !self.without.contains(name));
        claims
    }
}

/// Parses `now+60`, `now-60`.
fn seconds_from_now(claim: &Value) -> Option<i64> {
    static RELATIVE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^now([+-]\d+)$").expect("a constant pattern"));
    RELATIVE.captures(claim.as_str()?)?[1].parse().ok()
}

/// Describes claims and lifetime of an issued token, without verifying the signature.
pub fn describe(token: &str) -> IssuedToken {
    read_claims(token).unwrap_or_default()
}

fn read_claims(token: &str) -> Option<IssuedToken> {
    let engine = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let payload = engine.decode(token.split('.').nth(1)?).ok()?;
    let mut claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    let lifetime = claims.get("exp")?.as_i64()? - claims.get("iat")?.as_i64()?;
    for name in ["csrf", "exp", "iat", "jti", "last_login_time", "nbf"] {
        if let Some(claim) = claims.get_mut(name) {
            *claim = shape::of(claim);
        }
    }
    Some(IssuedToken { claims, lifetime: Some(lifetime) })
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    use serde_json::{Map, Value, json};

    use super::{ForgedToken, IssuedToken, describe};

    const SECRET: &str = "a-secret-for-this-test-0123456789abcdef";

    fn forge(spec: Value) -> String {
        let now = jsonwebtoken::get_current_timestamp().try_into().unwrap();
        serde_json::from_value::<ForgedToken>(spec).unwrap().sign(SECRET, now).unwrap()
    }

    fn verified(token: &str, algorithm: Algorithm) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(algorithm);
        validation.leeway = 0;
        decode(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation).map(|token| token.claims)
    }

    #[test]
    fn a_forged_token_verifies_and_is_alices() {
        let claims = verified(&forge(json!({})), Algorithm::HS256).unwrap();

        assert_eq!(claims["sub"], "alice@contract.test");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
    }

    #[test]
    fn a_header_can_ask_for_another_algorithm() {
        let token = forge(json!({"header": {"alg": "HS512", "kid": "k1"}}));

        assert!(verified(&token, Algorithm::HS512).is_ok());
        assert!(verified(&token, Algorithm::HS256).is_err());
    }

    #[test]
    fn another_secret_does_not_verify() {
        let token = forge(json!({"secret": "another-secret-0123456789abcdef"}));

        assert!(verified(&token, Algorithm::HS256).is_err());
    }

    #[test]
    fn an_unsigned_token_ends_in_a_full_stop() {
        assert!(forge(json!({"header": {"alg": "none"}})).ends_with('.'));
    }

    #[test]
    fn a_relative_expiry_is_counted_from_now() {
        let expired = verified(&forge(json!({"claims": {"exp": "now-60"}})), Algorithm::HS256);

        assert!(expired.unwrap_err().to_string().contains("ExpiredSignature"));
    }

    #[test]
    fn claims_can_be_replaced_and_left_out() {
        let claims =
            verified(&forge(json!({"claims": {"sub": null, "x": "now"}, "without": ["csrf"]})), Algorithm::HS256);
        let claims = claims.unwrap();

        assert_eq!((claims.get("sub"), claims.get("x")), (Some(&Value::Null), Some(&json!("now"))));
        assert!(!claims.contains_key("csrf"));
    }

    #[test]
    fn a_raw_token_is_sent_as_it_is() {
        assert_eq!(forge(json!({"raw": "a.b"})), "a.b");
    }

    #[test]
    fn an_issued_token_is_described_by_its_claims_and_lifetime() {
        let issued = describe(&forge(json!({"claims": {"exp": "now+60"}})));

        assert_eq!(issued.lifetime, Some(60));
        assert_eq!((&issued.claims["sub"], &issued.claims["jti"]), (&json!("alice@contract.test"), &json!("<uuid>")));
    }

    #[test]
    fn a_token_that_cannot_be_read_has_no_description() {
        assert_eq!(describe("garbage"), IssuedToken::default());
        assert_eq!(describe("W10.W10.YWJj"), IssuedToken::default());
    }
}
