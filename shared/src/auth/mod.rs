//! Who is calling: tokens, API keys, and the extractors that make authorization visible in a handler's signature.

mod account;
mod address_hash;
mod api_key;
mod caller;
mod passwords;
mod reset_token;
mod tokens;

pub use account::Participant;
pub(crate) use account::{Account, BearerSlot};
pub(crate) use address_hash::address_hash;
pub use caller::{Admin, Service};
pub use passwords::{PasswordRecord, Passwords, is_strong};
pub use reset_token::ResetToken;
pub use tokens::{TokenError, Tokens, VerifiedToken};
