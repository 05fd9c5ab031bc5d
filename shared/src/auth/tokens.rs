//! Tokens: JWTs signed with HS256, in the old system's format (contract section 2).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::secrets::{RotatingSecret, Version};

/// How long other processes may keep signing with the previous key version after a new one is published.
const ROTATION_GRACE: Duration = Duration::from_secs(60);
/// How far the clocks of other issuers may be ahead of ours (contract section 9).
const LEEWAY_SECONDS: i64 = 30;
/// A session ends days after its login and keys rotate less often, so a token with more versions is not ours.
const MAX_KEY_VERSIONS: usize = 100;
/// The last second of the year 9999, the latest valid `exp`.
const END_OF_TIME: i64 = 253_402_300_799;

/// Issues tokens with the current key version, and verifies tokens signed with any accepted version.
pub struct Tokens {
    key: Arc<RotatingSecret>,
    access_expires: i64,
    refresh_expires: i64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// A token that we signed and that is valid now.
#[derive(Clone, Debug)]
pub struct VerifiedToken {
    /// Claim `sub`: the account's email.
    pub email: String,
    /// The time of the login that the token descends from, however often it was renewed.
    pub logged_in_at: DateTime<Utc>,
    /// Whether `augmed` issued the token to somebody who inspects what the participant sees. Pages served to it are not
    /// exposures.
    pub is_for_inspection: bool,
    /// The replacement to return with the answer, once more than half of the lifetime has passed.
    pub renewed: Option<String>,
}

/// Why a token is refused. The text is sent to the caller as `msg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message documents each variant")]
pub enum TokenError {
    #[error("Missing Authorization Header")]
    Missing,
    #[error("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'")]
    NotBearer,
    #[error("Token is malformed")]
    Malformed,
    #[error("Signature verification failed")]
    Signature,
    #[error("Token has expired")]
    Expired,
    #[error("The token is not yet valid")]
    NotYetValid,
    #[error("Only access tokens are allowed")]
    NotAccess,
    #[error("Token has been revoked")]
    Revoked,
}

/// The claims of an issued token.
#[derive(Serialize)]
struct IssuedClaims<'a> {
    fresh: bool,
    iat: i64,
    jti: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
    sub: &'a str,
    nbf: i64,
    csrf: Uuid,
    exp: i64,
    last_login_time: String,
    /// The key versions that signed this token's predecessors.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    key_versions: BTreeSet<i64>,
    /// Whether the frontend shows pages for researchers. Absent in renewals of the old system's tokens, which lack the
    /// claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_flag: Option<bool>,
    /// [`VerifiedToken::is_for_inspection`]; omitted if false.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    inspection: bool,
}

/// The claims that a renewed token inherits.
struct InheritedClaims {
    last_login: DateTime<Utc>,
    key_versions: BTreeSet<i64>,
    admin_flag: Option<bool>,
    inspection: bool,
}

/// The claims of a presented token, of any type.
#[derive(Deserialize)]
struct PresentedClaims {
    sub: Option<Value>,
    exp: Option<Value>,
    iat: Option<Value>,
    nbf: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    jti: Option<Value>,
    #[serde(default, rename = "type", deserialize_with = "present")]
    kind: Option<Value>,
    last_login_time: Option<Value>,
    additional_claims: Option<Value>,
    key_versions: Option<Value>,
    admin_flag: Option<Value>,
    inspection: Option<Value>,
}

/// Distinguishes a claim that is `null` from an absent one.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Tokens {
    /// Signs tokens with `key`. They are valid for `access_expires` and are renewed until `refresh_expires` after the
    /// login.
    pub fn new(key: &SecretString, access_expires: Duration, refresh_expires: Duration) -> Self {
        // once every token that an old key signed has expired, accepting the key would only help a thief
        let accepted_for = TimeDelta::from_std(access_expires + ROTATION_GRACE).unwrap_or(TimeDelta::MAX);
        Self {
            key: Arc::new(RotatingSecret::new("JWT_SECRET_KEY", key.clone(), accepted_for)),
            access_expires: i64::try_from(access_expires.as_secs()).unwrap_or(i64::MAX),
            refresh_expires: i64::try_from(refresh_expires.as_secs()).unwrap_or(i64::MAX),
        }
    }

    /// Returns the signing key, for rotation.
    pub(crate) fn key(&self) -> Arc<RotatingSecret> {
        Arc::clone(&self.key)
    }

    /// Returns whether `token` may be signed with a key version that this process does not have yet.
    pub(super) fn may_miss_key_of(&self, token: &str) -> bool {
        let version = |token| jsonwebtoken::decode_header(token).ok()?.kid?.parse::<i64>().ok();
        self.key.is_incomplete() || version(token) > self.key.current().number
    }

    /// Issues a token for an account that has just logged in. `is_admin` becomes the claim `admin_flag` (contract
    /// section 9), by which the frontend chooses its pages. It grants nothing: permissions are read from the account.
    pub fn issue(
        &self,
        email: &str,
        is_admin: bool,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        self.issue_for_login(email, is_admin, now, now)
    }

    /// Issues a token at `now` for a login that PostgreSQL's clock dates `logged_in_at`. PostgreSQL also dates what ends
    /// sessions, so a clock of this process that is ahead does not make the session outlive it.
    pub fn issue_for_login(
        &self,
        email: &str,
        is_admin: bool,
        now: DateTime<Utc>,
        logged_in_at: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(email, now, InheritedClaims::of_login(is_admin, logged_in_at))
    }

    /// Issues a token for inspecting what this account sees ([`VerifiedToken::is_for_inspection`]).
    pub fn issue_for_inspection(
        &self,
        email: &str,
        is_admin: bool,
        now: DateTime<Utc>,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        self.sign(email, now, InheritedClaims { inspection: true, ..InheritedClaims::of_login(is_admin, now) })
    }

    /// Checks the signature, algorithm, times and types of `token`, and renews it when due.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<VerifiedToken, TokenError> {
        let (claims, key_version) = self.decode(token, now)?;
        let Some(Value::String(email)) = claims.sub else { return Err(TokenError::Malformed) };
        if !matches!(claims.jti, None | Some(Value::String(_))) {
            return Err(TokenError::Malformed);
        }
        if !matches!(claims.kind.as_ref().map(Value::as_str), None | Some(Some("access"))) {
            return Err(TokenError::NotAccess);
        }
        let expires = seconds(claims.exp.as_ref())?.ok_or(TokenError::Malformed)?;
        let issued = seconds(claims.iat.as_ref())?;
        let not_before = seconds(claims.nbf.as_ref())?;
        if expires <= now.timestamp() {
            return Err(TokenError::Expired);
        }
        if [issued, not_before].into_iter().flatten().any(|time| time > now.timestamp() + LEEWAY_SECONDS) {
            return Err(TokenError::NotYetValid);
        }
        let key_versions = self.earlier_key_versions(claims.key_versions.as_ref(), key_version)?;
        let issued = issued.unwrap_or(expires - self.access_expires);
        let last_login = last_login(claims.last_login_time.as_ref(), claims.additional_claims.as_ref())?
            .unwrap_or_else(|| Utc.timestamp_opt(issued, 0).single().unwrap_or(DateTime::UNIX_EPOCH));
        if last_login > now + TimeDelta::seconds(LEEWAY_SECONDS) {
            return Err(TokenError::NotYetValid);
        }
        // the flag only selects pages, so a value that is not a boolean does not invalidate the token
        let admin_flag = claims.admin_flag.as_ref().and_then(Value::as_bool);
        let inspection = claims.inspection == Some(Value::Bool(true));
        let renewed = self.is_renewal_due(issued, expires, last_login, now).then(|| {
            // a token that cannot be renewed is still valid
            let renewed = self.sign(&email, now, InheritedClaims { last_login, key_versions, admin_flag, inspection });
            renewed.inspect_err(|error| tracing::error!(%error, "token not renewed")).ok()
        });
        // `iat` has whole seconds; the claimed login cannot be later than the token
        let latest = Utc.timestamp_opt(issued, 999_999_000).single().unwrap_or(last_login);
        let (logged_in_at, renewed) = (last_login.min(latest), renewed.flatten());
        Ok(VerifiedToken { email, logged_in_at, is_for_inspection: inspection, renewed })
    }

    /// Returns the key versions of a token's predecessors. Refuses the token if one of them is revoked: whoever had
    /// that key could have forged the predecessor.
    fn earlier_key_versions(
        &self,
        claim: Option<&Value>,
        key_version: Option<i64>,
    ) -> Result<BTreeSet<i64>, TokenError> {
        let mut versions: BTreeSet<i64> = match claim {
            None => BTreeSet::new(),
            Some(claim) => BTreeSet::deserialize(claim).map_err(|_| TokenError::Malformed)?,
        };
        if versions.len() > MAX_KEY_VERSIONS {
            return Err(TokenError::Malformed);
        }
        if self.key.is_any_revoked(&versions) {
            return Err(TokenError::Revoked);
        }
        versions.extend(key_version);
        Ok(versions)
    }

    /// Returns the claims, and the number of the key version that signed them if it has one.
    fn decode(&self, token: &str, now: DateTime<Utc>) -> Result<(PresentedClaims, Option<i64>), TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // refuse extensions that change the meaning of a token and that we do not implement (RFC 7515 section 4.1.11,
        // RFC 7797)
        if header.crit.is_some() || header.extras.inner().contains_key("b64") {
            return Err(TokenError::Malformed);
        }
        // accept HS256 only, whatever the header says
        if header.alg != Algorithm::HS256 {
            return Err(TokenError::Signature);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let is_signed_with = |version: &Version| {
            let key = DecodingKey::from_secret(version.value.expose_secret().as_bytes());
            let verdict = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, Algorithm::HS256);
            match verdict {
                Ok(true) => Some(Ok(version.number)),
                Ok(false) => None,
                Err(_) => Some(Err(TokenError::Malformed)),
            }
        };
        let key_version = self.key.find_accepted(now, is_signed_with).unwrap_or(Err(TokenError::Signature))?;
        // `verify` checks the claims: the old system issued and accepted types that the library's own checks do not
        // distinguish
        let (_, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| TokenError::Malformed)?;
        let claims = serde_json::from_slice(&claims).map_err(|_| TokenError::Malformed)?;
        Ok((claims, key_version))
    }

    fn is_renewal_due(&self, issued: i64, expires: i64, last_login: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let past_half = now.timestamp() - issued > expires - now.timestamp();
        past_half && (now - last_login).num_seconds() < self.refresh_expires
    }

    fn sign(
        &self,
        email: &str,
        now: DateTime<Utc>,
        InheritedClaims { last_login, mut key_versions, admin_flag, inspection }: InheritedClaims,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let key = self.key.current();
        if let Some(number) = key.number {
            // the header already names this version
            key_versions.remove(&number);
        }
        let claims = IssuedClaims {
            fresh: true,
            iat: now.timestamp(),
            jti: Uuid::new_v4(),
            kind: "access",
            sub: email,
            nbf: now.timestamp(),
            csrf: Uuid::new_v4(),
            exp: now.timestamp() + self.access_expires,
            last_login_time: last_login.format("%Y-%m-%dT%H:%M:%S%.6f").to_string(),
            key_versions,
            admin_flag,
            inspection,
        };
        // `kid` tells a process that has not seen this version yet to refresh its key
        let header = Header { kid: key.number.map(|number| number.to_string()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.value.expose_secret().as_bytes()))
    }
}

impl InheritedClaims {
    fn of_login(is_admin: bool, last_login: DateTime<Utc>) -> Self {
        Self { last_login, key_versions: BTreeSet::new(), admin_flag: Some(is_admin), inspection: false }
    }
}

/// Reads a `NumericDate` (RFC 7519 section 2): seconds, possibly with a fraction.
fn seconds(claim: Option<&Value>) -> Result<Option<i64>, TokenError> {
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
fn last_login(claim: Option<&Value>, nested: Option<&Value>) -> Result<Option<DateTime<Utc>>, TokenError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(KEY.as_bytes()))
            .unwrap()
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
        assert_eq!(
            tokens.verify(&renewed, later).unwrap_err(),
            TokenError::Revoked,
            "despite the claim that it presented"
        );
    }

    #[test]
    fn refuses_too_many_or_non_numeric_key_versions() {
        for versions in [json!("1"), json!(["1"]), json!((0..101).collect::<Vec<_>>())] {
            assert_eq!(verdict(&json!({"key_versions": versions})).unwrap_err(), TokenError::Malformed);
        }
    }
}
