//! Mailed links. A link opens the frontend's page `/reset-password/<token>`, which sets the password of the account.

mod letter;
mod occasion;

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt as _};
use sqlx::PgExecutor;
use tokio::time::Instant;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::auth::ResetToken;
use crate::db::Transaction;
use crate::{ApiError, App};

pub use occasion::Occasion;

/// Maximum number of mails in progress.
const MAX_CONCURRENT_MAILS: usize = 8;

/// A link that must be stored before it is mailed.
pub struct MailedLink {
    token: ResetToken,
    occasion: Occasion,
}

impl MailedLink {
    /// Creates a link with a new random token.
    pub fn new(occasion: Occasion) -> Self {
        Self { token: ResetToken::generate(), occasion }
    }

    /// Returns the digest to store in `reset_password_token.token`.
    pub fn stored_token(&self) -> String {
        self.token.stored()
    }

    /// Mails the link to an address and returns the mail's id.
    pub async fn mail(&self, app: &App, email: &str) -> Result<String, ApiError> {
        let letter = letter::with_link(frontend_url(app)?, &self.token, self.occasion);
        Ok(app.mailer.send(email, &letter).await?)
    }
}

/// Returns the base URL of links. Call it before storing anything: without a base URL links cannot be mailed.
pub fn frontend_url(app: &App) -> Result<&str, ApiError> {
    app.frontend_url.as_deref().ok_or_else(|| ApiError::Fault("FRONTEND_URL is not set".to_owned()))
}

/// Stores a link for each of these addresses and returns them in the same order. Mail them after the transaction of
/// `connection` is committed.
pub async fn store(
    connection: impl PgExecutor<'_>,
    emails: &[String],
    occasion: Occasion,
) -> Result<Vec<MailedLink>, sqlx::Error> {
    let links: Vec<MailedLink> = emails.iter().map(|_| MailedLink::new(occasion)).collect();
    sqlx::query!(
        "INSERT INTO reset_password_token (id, email, token, active, created_timestamp, modified_timestamp, expired_at)
         SELECT id, email, token, true, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                now() AT TIME ZONE 'UTC' + make_interval(days => $4)
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS link (id, email, token)",
        &links.iter().map(|_| Uuid::new_v4()).collect::<Vec<_>>(),
        emails,
        &links.iter().map(MailedLink::stored_token).collect::<Vec<_>>(),
        occasion.days()
    )
    .execute(connection)
    .await?;
    Ok(links)
}

/// Commits the transaction that stored the links, and mails them like [`mail_all`].
///
/// Both continue if the caller is dropped, because its client has disconnected: once the links are stored, repeating the
/// request would not mail them.
pub async fn commit_and_mail(
    app: &App,
    transaction: Transaction,
    links: Vec<(String, MailedLink)>,
    end: Instant,
) -> Result<HashSet<String>, ApiError> {
    let app = app.clone();
    let task = async move {
        transaction.commit().await?;
        Ok(mail_all(&app, links, end).await)
    };
    tokio::spawn(task.in_current_span()).await.unwrap_or_else(|_panic| Err(ApiError::Fault("panic".to_owned())))
}

/// Mails each of these links to its address, until `end` at most. Returns the addresses whose mail was sent. Logs one
/// line for all failures.
pub async fn mail_all(app: &App, links: Vec<(String, MailedLink)>, end: Instant) -> HashSet<String> {
    let outcomes: Vec<_> = stream::iter(links)
        .map(|(email, link)| async move {
            let mailed = tokio::time::timeout_at(end, link.mail(app, &email)).await;
            mailed.unwrap_or(Err(ApiError::Overloaded("mail took too long"))).map(|_| email)
        })
        .buffer_unordered(MAX_CONCURRENT_MAILS)
        .collect()
        .await;
    if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        tracing::error!(failed, %error, "mails with links were not sent");
    }
    outcomes.into_iter().flatten().collect()
}
