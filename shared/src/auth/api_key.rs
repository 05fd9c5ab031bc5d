//! API keys: the header `X-API-Key`.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::errors::ApiError;
use crate::secrets::{RotatingSecret, Rotation};

/// Whether the request carries this key. Without a configured key none is right.
///
/// One that is not known may be newer than what this process has seen.
pub(super) async fn is_presented(
    headers: &HeaderMap,
    key: Option<&RotatingSecret>,
    rotation: &Rotation,
    now: DateTime<Utc>,
) -> Result<bool, ApiError> {
    let (Some(presented), Some(key)) = (headers.get("x-api-key"), key) else { return Ok(false) };
    let is_it = || matches(presented.as_bytes(), key, now);
    Ok(is_it() || (rotation.look_up(key).await? && is_it()))
}

fn matches(presented: &[u8], key: &RotatingSecret, now: DateTime<Utc>) -> bool {
    let presented = Sha256::digest(presented);
    // digests have one length, so that the time of the comparison tells nothing of the key's
    let is_it = |key: &str| bool::from(presented.ct_eq(&Sha256::digest(key)));
    key.find_accepted(now, |version| is_it(version.value.expose_secret()).then_some(())).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    async fn opens(presented: Option<&'static str>, key: Option<&str>) -> bool {
        let headers = presented.map(|key| ("x-api-key".parse().unwrap(), key.parse().unwrap()));
        let key = key.map(|key| RotatingSecret::new("ADMIN_API_KEY", key.into(), TimeDelta::zero()));
        is_presented(&HeaderMap::from_iter(headers), key.as_ref(), &Rotation::default(), Utc::now()).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_configured_key_is_right() {
        assert!(opens(Some("right"), Some("right")).await);
        assert!(!opens(Some("wrong"), Some("right")).await);
        assert!(!opens(None, Some("right")).await);
    }

    #[tokio::test]
    async fn without_a_configured_key_none_is_right() {
        assert!(!opens(Some(""), None).await);
    }
}
