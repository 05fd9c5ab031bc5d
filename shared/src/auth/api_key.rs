//! API keys, sent in the header `X-API-Key`.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::errors::ApiError;
use crate::secrets::{RotatingSecret, Rotation, SecretsError};

/// Returns whether the request carries this key. No key matches if none is configured.
///
/// An unknown key may be newer than the versions that this process has, so it fetches the key's history from SSM.
pub(super) async fn is_presented(
    headers: &HeaderMap,
    key: Option<&RotatingSecret>,
    rotation: &Rotation,
    now: DateTime<Utc>,
) -> Result<bool, ApiError> {
    let (Some(presented), Some(key)) = (headers.get("x-api-key"), key) else { return Ok(false) };
    let is_accepted = || matches(presented.as_bytes(), key, now);
    if is_accepted() {
        return Ok(true);
    }
    match rotation.look_up(key).await {
        Ok(has_fetched) => Ok(has_fetched && is_accepted()),
        // a key that appeared in SSM within this second is accepted in the next one
        Err(SecretsError::ReadJustNow) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn matches(presented: &[u8], key: &RotatingSecret, now: DateTime<Utc>) -> bool {
    let presented = Sha256::digest(presented);
    // digests have equal lengths, so the comparison time does not reveal the key's length
    let is_equal = |key: &str| bool::from(presented.ct_eq(&Sha256::digest(key)));
    key.find_accepted(now, |version| is_equal(version.value.expose_secret()).then_some(())).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    async fn accepts(presented: Option<&'static str>, key: Option<&str>) -> bool {
        let headers = presented.map(|key| ("x-api-key".parse().unwrap(), key.parse().unwrap()));
        let key = key.map(|key| RotatingSecret::new("ADMIN_API_KEY", key.into(), TimeDelta::zero()));
        is_presented(&HeaderMap::from_iter(headers), key.as_ref(), &Rotation::default(), Utc::now()).await.unwrap()
    }

    #[tokio::test]
    async fn accepts_only_the_configured_key() {
        assert!(accepts(Some("right"), Some("right")).await);
        assert!(!accepts(Some("wrong"), Some("right")).await);
        assert!(!accepts(None, Some("right")).await);
    }

    #[tokio::test]
    async fn accepts_no_key_if_none_is_configured() {
        assert!(!accepts(Some(""), None).await);
    }
}
