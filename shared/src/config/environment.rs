use std::collections::HashMap;

/// The process environment, or a test's replacement.
pub type Environment = HashMap<String, String>;

/// Shorter keys can be found offline by brute force from one token (RFC 7518 section 3.2).
pub(super) const MIN_SIGNING_KEY_BYTES: usize = 32;
