//! The account that somebody wants to log in to.

use shared::ApiError;
use shared::db::Database;

use crate::failures::{self, Guess};

/// What is known before the password is looked at. Without an account there is neither id nor password.
pub(crate) struct Account {
    pub id: Option<i32>,
    pub is_active: bool,
    pub salt: Option<String>,
    pub digest: Option<String>,
    /// Whether somebody has logged in from this client lately.
    is_known_client: bool,
    /// For how long no password of this client is right.
    pub blocked_seconds: Option<i32>,
}

impl Account {
    /// Finds the account that `address` names, and whether this client is blocked there.
    pub(crate) async fn named(db: &Database, address: &str, client_hash: &str) -> Result<Self, ApiError> {
        Ok(sqlx::query_as!(
            Self,
            r#"SELECT account.id AS "id?", active IS TRUE AS "is_active!", salt AS "salt?", password AS "digest?",
                      known_client.account_id IS NOT NULL AS "is_known_client!",
                      (SELECT ceil(extract(epoch FROM max(forgotten_at) - now()))::integer FROM wrong_password
                       WHERE wrong_password.account_id = account.id AND forgotten_at > now()
                         AND password_hash = encode(sha256(convert_to(password, 'UTF8')), 'hex')
                         AND (client_hash = $2 AND failures >= $3
                              OR client_hash = '' AND failures >= $4 AND known_client.account_id IS NULL)) AS blocked_seconds
               FROM (SELECT) AS always
               LEFT JOIN account_named($1) AS account ON true
               LEFT JOIN known_client
                 ON known_client.account_id = account.id AND known_client.client_hash = $2 AND known_until > now()"#,
            address,
            client_hash,
            failures::MOST_OF_A_CLIENT,
            failures::MOST_OF_STRANGERS
        )
        .fetch_one(db)
        .await?)
    }

    /// The guess that a login is. None where there is no password to guess.
    pub(crate) fn guess<'a>(&'a self, client_hash: &'a str) -> Option<Guess<'a>> {
        let digest = self.digest.as_deref().filter(|_| self.is_active && self.salt.is_some())?;
        Some(Guess { account_id: self.id?, digest, client_hash, is_known_client: self.is_known_client })
    }
}
