//! API keys: the header `X-API-Key`.

use axum::http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether the request carries this key. Without a configured key none is right.
pub(super) fn matches(headers: &HeaderMap, key: Option<&SecretString>) -> bool {
    let (Some(presented), Some(key)) = (headers.get("x-api-key"), key) else { return false };
    // digests have one length, so that the time of the comparison tells nothing of the key's
    let [presented, key] = [presented.as_bytes(), key.expose_secret().as_bytes()].map(Sha256::digest);
    presented.ct_eq(&key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presenting(key: &'static str) -> HeaderMap {
        HeaderMap::from_iter([("x-api-key".parse().unwrap(), key.parse().unwrap())])
    }

    #[test]
    fn only_the_configured_key_is_right() {
        let key = SecretString::from("right");

        assert!(matches(&presenting("right"), Some(&key)));
        assert!(!matches(&presenting("wrong"), Some(&key)));
        assert!(!matches(&HeaderMap::new(), Some(&key)));
    }

    #[test]
    fn without_a_configured_key_none_is_right() {
        assert!(!matches(&presenting(""), None));
    }
}
