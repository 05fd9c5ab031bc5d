//! What stands for an address where the address itself is not ours to keep.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;

use crate::secrets::RotatingSecret;

/// HMAC-SHA-256 in base64. Of two versions of the key the hashes differ: counts begin anew when it is rotated.
pub(crate) fn address_hash(key: &RotatingSecret, address: &str) -> String {
    let key = Key::new(HMAC_SHA256, key.current().value.expose_secret().as_bytes());
    // a token is never signed over text that starts like this
    STANDARD.encode(sign(&key, format!("address {address}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn hash(key: &str, address: &str) -> String {
        address_hash(&RotatingSecret::new("JWT_SECRET_KEY", key.into(), TimeDelta::zero()), address)
    }

    #[test]
    fn it_is_the_same_in_every_process_with_the_key_and_in_no_other() {
        assert_eq!(hash("key", "a@b.test"), hash("key", "a@b.test"));
        assert_ne!(hash("key", "a@b.test"), hash("another", "a@b.test"));
        assert_ne!(hash("key", "a@b.test"), hash("key", "c@b.test"));
    }

    #[test]
    fn it_does_not_show_the_address() {
        let hash = hash("key", "a@b.test");

        assert_eq!((hash.len(), hash.contains("a@b")), (44, false));
    }
}
