use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::Tokens;
use super::claims::{InheritedClaims, PresentedClaims, last_login, seconds};
use super::error::TokenError;
use crate::secrets::Version;

/// How far the clocks of other issuers may be ahead of ours (contract section 9).
const LEEWAY_SECONDS: i64 = 30;
/// A session ends days after its login, and keys rotate less often than that. So we never issue a token with more
/// versions.
const MAX_KEY_VERSIONS: usize = 100;

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

impl Tokens {
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
        // the login cannot be later than the token; `iat` has whole seconds, so take the end of its second
        let latest = Utc.timestamp_opt(issued, 999_999_000).single().unwrap_or(last_login);
        let (logged_in_at, renewed) = (last_login.min(latest), renewed.flatten());
        Ok(VerifiedToken { email, logged_in_at, is_for_inspection: inspection, renewed })
    }

    /// Returns the key versions that signed a token and its predecessors. Refuses the token if one of them is revoked:
    /// a thief of that key could have forged the predecessor.
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
}
