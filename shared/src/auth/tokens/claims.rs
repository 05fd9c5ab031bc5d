use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::error::TokenError;

/// The last second of the year 9999, the latest valid `exp`.
const END_OF_TIME: i64 = 253_402_300_799;

/// The claims of an issued token.
#[derive(Serialize)]
pub(super) struct IssuedClaims<'a> {
    pub fresh: bool,
    pub iat: i64,
    pub jti: Uuid,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub sub: &'a str,
    pub nbf: i64,
    pub csrf: Uuid,
    pub exp: i64,
    pub last_login_time: String,
    /// The key versions that signed this token's predecessors.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub key_versions: BTreeSet<i64>,
    /// Whether the frontend shows pages for researchers. Absent in renewals of the old system's tokens, which lack the
    /// claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_flag: Option<bool>,
    /// [`VerifiedToken::is_for_inspection`]; omitted if false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inspection: bool,
}

/// The claims that a renewed token inherits.
pub(super) struct InheritedClaims {
    pub last_login: DateTime<Utc>,
    pub key_versions: BTreeSet<i64>,
    pub admin_flag: Option<bool>,
    pub inspection: bool,
}

/// The claims of a presented token, of any type.
#[derive(Deserialize)]
pub(super) struct PresentedClaims {
    pub sub: Option<Value>,
    pub exp: Option<Value>,
    pub iat: Option<Value>,
    pub nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    pub jti: Option<Value>,
    #[serde(default, rename = "type", deserialize_with = "present")]
    pub kind: Option<Value>,
    pub last_login_time: Option<Value>,
    pub additional_claims: Option<Value>,
    pub key_versions: Option<Value>,
    pub admin_flag: Option<Value>,
    pub inspection: Option<Value>,
}

/// Distinguishes a claim that is `null` from an absent one.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl InheritedClaims {
    /// Returns the claims of a token that does not renew another one.
    pub fn of_login(is_admin: bool, last_login: DateTime<Utc>) -> Self {
        Self { last_login, key_versions: BTreeSet::new(), admin_flag: Some(is_admin), inspection: false }
    }
}

/// Reads a `NumericDate` (RFC 7519 section 2): seconds, possibly with a fraction.
pub(super) fn seconds(claim: Option<&Value>) -> Result<Option<i64>, TokenError> {
    let Some(claim) = claim else { return Ok(None) };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float outside i64 saturates, and the range check below refuses it"
    )]
    let seconds =
        claim.as_i64().or_else(|| claim.as_f64().map(|seconds| seconds as i64)).ok_or(TokenError::Malformed)?;
    if (0..=END_OF_TIME).contains(&seconds) { Ok(Some(seconds)) } else { Err(TokenError::Malformed) }
}

/// Returns the last login from its own claim, or from the claim in which an older version nested it.
pub(super) fn last_login(claim: Option<&Value>, nested: Option<&Value>) -> Result<Option<DateTime<Utc>>, TokenError> {
    if let Some(time) = claim.and_then(Value::as_str).and_then(iso_time) {
        return Ok(Some(time));
    }
    let Some(nested) = nested else { return Ok(None) };
    let nested = nested.as_object().ok_or(TokenError::Malformed)?;
    let Some(time) = nested.get("last_login_time") else { return Ok(None) };
    time.as_str().and_then(iso_time).map(Some).ok_or(TokenError::Malformed)
}

/// Reads an ISO 8601 time; without a zone it is UTC, the zone of the old system's containers.
fn iso_time(text: &str) -> Option<DateTime<Utc>> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    zoned.or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc())).ok()
}
