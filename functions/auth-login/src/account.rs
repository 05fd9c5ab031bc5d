//! The account of a login attempt.

use shared::ApiError;
use shared::db::Database;

use crate::failures::{self, Guess};

/// What is known before the password is verified. Without an account, id and password are `None`.
pub(crate) struct Account {
    pub id: Option<i32>,
    pub is_active: bool,
    pub salt: Option<String>,
    pub digest: Option<String>,
    /// Whether somebody logged in from this client recently.
    is_known_client: bool,
    /// For how many seconds all passwords from this client are refused.
    pub blocked_seconds: Option<i32>,
}

impl Account {
    /// Finds the account named by `address`, and whether it blocks this client.
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
            failures::MAX_FAILURES_PER_CLIENT,
            failures::MAX_FAILURES_OF_UNKNOWN_CLIENTS
        )
        .fetch_one(db)
        .await?)
    }

    /// Returns the password guess of this login; `None` if there is no password to guess.
    pub(crate) fn guess<'a>(&'a self, client_hash: &'a str) -> Option<Guess<'a>> {
        let digest = self.digest.as_deref().filter(|_| self.is_active && self.salt.is_some())?;
        Some(Guess { account_id: self.id?, digest, client_hash, is_known_client: self.is_known_client })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_guess(is_active: bool, salt: Option<&str>) -> bool {
        let account = Account {
            id: Some(1),
            is_active,
            salt: salt.map(str::to_owned),
            digest: Some("digest".to_owned()),
            is_known_client: false,
            blocked_seconds: None,
        };
        account.guess("client").is_some()
    }

    #[test]
    fn only_an_active_account_with_a_password_can_be_guessed() {
        assert!(has_guess(true, Some("salt")));
        assert!(!has_guess(false, Some("salt")));
        assert!(!has_guess(true, None));
    }
}
