//! Who is calling: tokens, API keys, and the extractors that make authorization visible in a handler's signature.

mod account;
mod api_key;
mod caller;
mod keyed_hash;
mod passwords;
mod reset_token;
mod tokens;

pub use account::Participant;
pub(crate) use account::{Account, BearerSlot};
pub use caller::{Admin, Service};
pub(crate) use keyed_hash::client_hash;
pub use passwords::{PasswordRecord, Passwords, is_strong};
pub use reset_token::ResetToken;
pub use tokens::{TokenError, Tokens, VerifiedToken};
