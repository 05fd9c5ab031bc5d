//! Limits on wrong passwords, counted per account and client in the database, hence across processes. Ten within
//! fifteen minutes block the client for the rest of that time. A hundred from unknown clients (no recent login) block
//! all unknown clients, so strangers cannot lock out known ones. A login resets its client's count; a new password
//! resets all.

use chrono::{DateTime, Utc};
use shared::db::Database;
use shared::{ApiError, Business};

/// Maximum number of wrong passwords per client.
pub(crate) const MAX_FAILURES_PER_CLIENT: i32 = 10;

/// Maximum number of wrong passwords of all unknown clients together.
pub(crate) const MAX_FAILURES_OF_UNKNOWN_CLIENTS: i32 = 100;

/// The client hash under which all unknown clients are counted together.
const UNKNOWN_CLIENTS: &str = "";

/// Fails if the client is blocked for `seconds`.
pub(crate) fn refuse_if_blocked(seconds: Option<i32>) -> Result<(), ApiError> {
    match seconds {
        None => Ok(()),
        Some(seconds) => {
            Err(ApiError::BusinessFor { error: Business::TooManyFailedLogins, seconds: seconds.max(1).unsigned_abs() })
        }
    }
}

/// A client's attempt to log in with a password.
pub(crate) struct Guess<'a> {
    pub account_id: i32,
    /// The stored digest that the password has to match.
    pub digest: &'a str,
    pub client_hash: &'a str,
    pub is_known_client: bool,
}

/// The account data for issuing a token.
pub(crate) struct Session {
    /// The address as stored.
    pub email: String,
    pub tokens_valid_from: Option<DateTime<Utc>>,
    /// PostgreSQL's clock when the account was read.
    pub database_time: DateTime<Utc>,
    pub is_admin: bool,
}

impl Guess<'_> {
    /// Counts a wrong password, and deletes some expired counts of other accounts. Fails if concurrent guesses have
    /// reached the limit meanwhile.
    pub(crate) async fn count_wrong(&self, db: &Database) -> Result<(), ApiError> {
        let counted = [Some(self.client_hash), (!self.is_known_client).then_some(UNKNOWN_CLIENTS)];
        let blocked_seconds = sqlx::query_scalar!(
            r#"WITH over AS (
                 DELETE FROM wrong_password WHERE (account_id, client_hash) IN (
                   SELECT account_id, client_hash FROM wrong_password WHERE forgotten_at < now() AND account_id <> $1
                   ORDER BY forgotten_at LIMIT 10 FOR UPDATE SKIP LOCKED)),
               counted AS (
                 INSERT INTO wrong_password AS counted (account_id, client_hash, password_hash, failures, forgotten_at)
                 SELECT $1, client_hash, encode(sha256(convert_to($2, 'UTF8')), 'hex'), 1, now() + interval '15 minutes'
                 FROM unnest($3::text[]) AS client_hash
                 ON CONFLICT (account_id, client_hash) DO UPDATE
                 SET (password_hash, failures, forgotten_at) = (
                   SELECT excluded.password_hash,
                          CASE WHEN goes_on THEN counted.failures + 1 ELSE 1 END,
                          CASE WHEN goes_on THEN counted.forgotten_at ELSE excluded.forgotten_at END
                   FROM (VALUES (counted.forgotten_at > now() AND counted.password_hash = excluded.password_hash)) AS it (goes_on))
                 RETURNING client_hash, failures, forgotten_at)
               SELECT ceil(extract(epoch FROM max(forgotten_at) - now()))::integer
               FROM counted WHERE failures > CASE client_hash WHEN '' THEN $5::integer ELSE $4::integer END"#,
            self.account_id,
            self.digest,
            &counted.into_iter().flatten().map(str::to_owned).collect::<Vec<_>>(),
            MAX_FAILURES_PER_CLIENT,
            MAX_FAILURES_OF_UNKNOWN_CLIENTS
        )
        .fetch_one(db)
        .await?;
        refuse_if_blocked(blocked_seconds)
    }

    /// Handles a correct password: resets the client's count and remembers the client, unless concurrent guesses have
    /// reached the limit. Returns `None` if the account was deactivated or its password changed meanwhile. Takes a row
    /// lock, which waits for a transaction that changes the account. Without the lock, the old password could start a
    /// session that the change does not end.
    pub(crate) async fn reset_failures(&self, db: &Database) -> Result<Option<Session>, ApiError> {
        let account = sqlx::query!(
            r#"WITH account AS (
                 SELECT id, email, tokens_valid_from, admin_flag FROM "user" WHERE id = $1 AND active AND password = $2
                 FOR SHARE),
               blocking AS (
                 SELECT forgotten_at FROM wrong_password
                 WHERE account_id = $1 AND client_hash = $3 AND failures >= $4 AND forgotten_at > now()
                   AND password_hash = encode(sha256(convert_to($2, 'UTF8')), 'hex')),
               forgotten AS (
                 DELETE FROM wrong_password
                 WHERE account_id = $1 AND client_hash = $3 AND NOT EXISTS (SELECT FROM blocking)),
               over AS (
                 DELETE FROM known_client WHERE (account_id, client_hash) IN (
                   SELECT account_id, client_hash FROM known_client WHERE known_until < now() AND account_id <> $1
                   ORDER BY known_until LIMIT 10 FOR UPDATE SKIP LOCKED)),
               known AS (
                 INSERT INTO known_client (account_id, client_hash, known_until)
                 SELECT id, $3, now() + interval '30 days' FROM account WHERE NOT EXISTS (SELECT FROM blocking)
                 ON CONFLICT (account_id, client_hash) DO UPDATE SET known_until = excluded.known_until)
               SELECT email AS "email!", tokens_valid_from, admin_flag IS TRUE AS "is_admin!", now() AS "now!",
                      (SELECT ceil(extract(epoch FROM forgotten_at - now()))::integer FROM blocking) AS blocked_seconds
               FROM account"#,
            self.account_id,
            self.digest,
            self.client_hash,
            MAX_FAILURES_PER_CLIENT
        )
        .fetch_optional(db)
        .await?;
        let Some(account) = account else { return Ok(None) };
        refuse_if_blocked(account.blocked_seconds)?;
        Ok(Some(Session {
            email: account.email,
            tokens_valid_from: account.tokens_valid_from,
            database_time: account.now,
            is_admin: account.is_admin,
        }))
    }
}
