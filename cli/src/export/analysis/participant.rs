//! Participants' numbers, which replace their addresses.

use sha2::{Digest as _, Sha256};

/// Normalises an address for comparison.
pub fn normalised(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Returns the `user_id` of a stored address.
pub fn id(email: &str) -> u64 {
    id_of_normalised(&normalised(email))
}

/// Returns the first eight bytes of the address's SHA-256, like the old export script: the same in every export.
pub fn id_of_normalised(normalised: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(normalised).into();
    digest[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn a_user_id_equals_that_of_the_old_script() {
        // python3: int.from_bytes(hashlib.sha256(b"a@study.test").digest()[:8], "big")
        assert_eq!(id(" A@Study.Test "), 17_594_509_098_658_213_958);
    }
}
