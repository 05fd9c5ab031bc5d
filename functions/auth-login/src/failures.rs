//! Wrong passwords are counted by account and client, in the database and so across processes. After ten within fifteen minutes of the first
//! no password of that client is right until those are over. After a hundred of clients from which nobody has logged in lately, none of any
//! such client is. So a stranger locks out strangers alone. A login forgets its client's; a new password, whoever sets it, forgets all.

use chrono::{DateTime, Utc};
use shared::db::Database;
use shared::{ApiError, Business};

/// So many passwords of a client may be wrong.
pub(crate) const MOST_OF_A_CLIENT: i32 = 10;

/// So many passwords of all clients may be wrong from which nobody has logged in lately.
pub(crate) const MOST_OF_STRANGERS: i32 = 100;

/// Where all strangers are counted together.
const STRANGERS: &str = "";

/// Refuses while the client is blocked, for so many seconds.
pub(crate) fn refuse_if_blocked(seconds: Option<i32>) -> Result<(), ApiError> {
    match seconds {
        None => Ok(()),
        Some(seconds) => {
            Err(ApiError::BusinessFor { error: Business::TooManyFailedLogins, seconds: seconds.max(1).unsigned_abs() })
        }
    }
}

/// A password that a client tries.
pub(crate) struct Guess<'a> {
    pub account_id: i32,
    /// The stored password that is guessed at.
    pub digest: &'a str,
    pub client_hash: &'a str,
    pub is_known_client: bool,
}

/// What a login is given.
pub(crate) struct Session {
    /// As it is stored.
    pub email: String,
    pub tokens_valid_from: Option<DateTime<Utc>>,
    pub is_admin: bool,
}

impl Guess<'_> {
    /// Counts one more, and takes away some counts of other accounts that are over. Refuses when others were counted meanwhile, as of many
    /// guesses at once.
    pub(crate) async fn count_wrong(&self, db: &Database) -> Result<(), ApiError> {
        let counted = [Some(self.client_hash), (!self.is_known_client).then_some(STRANGERS)];
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
            MOST_OF_A_CLIENT,
            MOST_OF_STRANGERS
        )
        .fetch_one(db)
        .await?;
        refuse_if_blocked(blocked_seconds)
    }

    /// The password was right: forgets the client's failures and remembers the client, unless there were too many failures meanwhile. None
    /// when the account has another password by now, or is not active any more.
    pub(crate) async fn forget_wrong(&self, db: &Database) -> Result<Option<Session>, ApiError> {
        let account = sqlx::query!(
            r#"WITH account AS (
                 SELECT id, email, tokens_valid_from, admin_flag FROM "user" WHERE id = $1 AND active AND password = $2),
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
               SELECT email AS "email!", tokens_valid_from, admin_flag IS TRUE AS "is_admin!",
                      (SELECT ceil(extract(epoch FROM forgotten_at - now()))::integer FROM blocking) AS blocked_seconds
               FROM account"#,
            self.account_id,
            self.digest,
            self.client_hash,
            MOST_OF_A_CLIENT
        )
        .fetch_optional(db)
        .await?;
        let Some(account) = account else { return Ok(None) };
        refuse_if_blocked(account.blocked_seconds)?;
        Ok(Some(Session {
            email: account.email,
            tokens_valid_from: account.tokens_valid_from,
            is_admin: account.is_admin,
        }))
    }
}
