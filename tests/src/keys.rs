//! The keys of the API under test.

/// The key that signs tokens.
pub const JWT_SECRET_KEY: &str = "contract-test-secret-key-0123456789abcdef";
/// The key of services and administrators.
pub const API_KEY: &str = "contract-export-key";
