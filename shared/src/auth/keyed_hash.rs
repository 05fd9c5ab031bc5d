//! A keyed hash that stands for a client's address, which we must not store.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::http::ClientAddress;
use crate::secrets::RotatingSecret;

/// Returns the HMAC-SHA-256 of a client's address, in base64. A new version of the key changes the hashes, so counting
/// starts over.
pub(crate) fn client_hash(key: &RotatingSecret, client: &ClientAddress) -> String {
    let key = Key::new(HMAC_SHA256, key.current().value.expose_secret().as_bytes());
    // domain separation: no token is signed over text that starts like this
    STANDARD.encode(sign(&key, format!("client {client}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn hash(key: &str, client: &str) -> String {
        let key = RotatingSecret::new("JWT_SECRET_KEY", key.into(), TimeDelta::zero());
        client_hash(&key, &ClientAddress::forwarded_by(Some(client)))
    }

    #[test]
    fn depends_on_the_key_and_the_address_alone() {
        assert_eq!(hash("key", "192.0.2.7"), hash("key", "192.0.2.7"));
        assert_ne!(hash("key", "192.0.2.7"), hash("another", "192.0.2.7"));
        assert_ne!(hash("key", "192.0.2.7"), hash("key", "192.0.2.8"));
    }

    #[test]
    fn does_not_reveal_the_address() {
        let hash = hash("key", "192.0.2.7");

        assert_eq!((hash.len(), hash.contains("192")), (44, false));
    }
}
