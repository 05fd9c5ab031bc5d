//! Reset tokens: mailed in plain text, stored as a digest (contract section 2).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The token in a reset mail: 32 random bytes in URL-safe base64.
pub struct ResetToken(String);

impl ResetToken {
    /// Generates a new token.
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// Wraps the token that a caller presents.
    pub fn from_mail(token: String) -> Self {
        Self(token)
    }

    /// Returns the token for the link.
    pub fn mailed(&self) -> &str {
        &self.0
    }

    /// Returns the digest stored in `reset_password_token.token`: SHA-256 in hex.
    pub fn stored(&self) -> String {
        format!("{:x}", Sha256::digest(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_digest_matches_the_old_system() {
        let stored = ResetToken::from_mail("valid-reset-token".to_owned()).stored();

        assert_eq!(stored, "79902197833df66c53a7e9a88601f58cb91f4ec72bd113b8b5d686e6ca1dc3bc");
    }

    #[test]
    fn every_generated_token_is_different() {
        assert_ne!(ResetToken::generate().mailed(), ResetToken::generate().mailed());
    }
}
