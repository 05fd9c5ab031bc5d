//! What stands for a client's address where the address itself is not ours to keep.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::http::ClientAddress;
use crate::secrets::RotatingSecret;

/// Returns the HMAC-SHA-256 of a client's address, in base64. A new version of the key makes other hashes, so that counts begin anew.
pub(crate) fn client_hash(key: &RotatingSecret, client: &ClientAddress) -> String {
    let key = Key::new(HMAC_SHA256, key.current().value.expose_secret().as_bytes());
    // a token is never signed over text that starts like this
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
    fn it_is_the_same_in_every_process_with_the_key_and_in_no_other() {
        assert_eq!(hash("key", "192.0.2.7"), hash("key", "192.0.2.7"));
        assert_ne!(hash("key", "192.0.2.7"), hash("another", "192.0.2.7"));
        assert_ne!(hash("key", "192.0.2.7"), hash("key", "192.0.2.8"));
    }

    #[test]
    fn it_does_not_show_the_address() {
        let hash = hash("key", "192.0.2.7");

        assert_eq!((hash.len(), hash.contains("192")), (44, false));
    }
}
