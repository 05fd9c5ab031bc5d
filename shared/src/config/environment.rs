use std::collections::HashMap;

/// The process environment, or a test's replacement.
pub type Environment = HashMap<String, String>;

/// Returns the environment of this process. A value that is not UTF-8 text contains U+FFFD, for which `Reader` refuses it;
/// `std::env::vars` would panic, even if the variable is none of ours.
pub fn process_environment() -> Environment {
    let variables = std::env::vars_os();
    let named = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    named.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect()
}

/// Shorter keys can be found offline by brute force from one token (RFC 7518 section 3.2).
pub(super) const MIN_SIGNING_KEY_BYTES: usize = 32;
