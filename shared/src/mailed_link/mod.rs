//! Links that are mailed. Whoever opens one chooses the password of its account, on the frontend's page `/reset-password/<token>`.

mod letter;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use sqlx::PgExecutor;
use tokio::time::Instant;
use uuid::Uuid;

use crate::auth::ResetToken;
use crate::{ApiError, App};

/// So many mails are on their way at once.
const AT_ONCE: usize = 8;

/// Why a link is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The account has a password, which is to be replaced. The link is valid for two days (contract section 2).
    Reset,
    /// The account is new. The link is valid for a week.
    Invitation,
}

impl Occasion {
    /// How long a link is valid.
    pub fn days(self) -> i32 {
        match self {
            Self::Reset => 2,
            Self::Invitation => 7,
        }
    }
}

/// A link, to be stored before it is mailed.
pub struct MailedLink {
    token: ResetToken,
    occasion: Occasion,
}

impl MailedLink {
    /// A new link, which nobody knows yet.
    pub fn new(occasion: Occasion) -> Self {
        Self { token: ResetToken::generate(), occasion }
    }

    /// What is stored of it, in `reset_password_token.token`.
    pub fn stored_token(&self) -> String {
        self.token.stored()
    }

    /// Mails it to an address, and returns the mail's id.
    pub async fn mail(&self, app: &App, email: &str) -> Result<String, ApiError> {
        let letter = letter::with_link(frontend_url(app)?, &self.token, self.occasion);
        Ok(app.mailer.send(email, &letter).await?)
    }
}

/// Where links lead. An error says that links cannot be mailed, before anything is stored.
pub fn frontend_url(app: &App) -> Result<&str, ApiError> {
    app.frontend_url.as_deref().ok_or_else(|| ApiError::Fault("FRONTEND_URL is not set".to_owned()))
}

/// Stores a link for each of these addresses, to be mailed when the transaction of `connection` is committed. The links are in the order
/// of the addresses.
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

/// Mails each of these links to its address until `patience` is over, and returns the addresses whose mail has left. A failure is logged
/// once for all of them.
pub async fn mail_all(app: &App, links: Vec<(String, MailedLink)>, patience: Duration) -> HashSet<String> {
    let until = Instant::now() + patience;
    let outcomes: Vec<_> = stream::iter(links)
        .map(|(email, link)| async move {
            let mailed = tokio::time::timeout_at(until, link.mail(app, &email)).await;
            mailed.unwrap_or(Err(ApiError::Overloaded("mail took too long"))).map(|_| email)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        tracing::error!(failed, %error, "invitations were not mailed");
    }
    outcomes.into_iter().flatten().collect()
}
