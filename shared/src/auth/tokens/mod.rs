//! Tokens: JWTs signed with HS256, in the old system's format (contract section 2).

mod claims;
mod error;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::secrets::RotatingSecret;
use claims::{InheritedClaims, IssuedClaims};

pub use error::TokenError;
pub use verify::VerifiedToken;

/// How long other processes may keep signing with the previous key version after a new one is published.
const ROTATION_GRACE: Duration = Duration::from_secs(60);

/// Issues tokens with the current key version, and verifies tokens signed with any accepted version.
#[derive(Debug)]
pub struct Tokens {
    key: Arc<RotatingSecret>,
    access_expires: i64,
    refresh_expires: i64,
}

impl Tokens {
    /// Signs tokens with `key`. They are valid for `access_expires` and are renewed until `refresh_expires` after the
    /// login.
    pub fn new(key: &SecretString, access_expires: Duration, refresh_expires: Duration) -> Self {
        // an old key is accepted until all tokens that it signed have expired; after that, it would only help a thief
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

    /// Issues a token at `now` for a login at `logged_in_at` by PostgreSQL's clock. The event that ends a session has a
    /// time of the same clock, so it ends this session even if the clock of this process is ahead.
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
