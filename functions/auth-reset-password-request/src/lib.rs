//! `POST /api/auth/reset-password-request`: anyone; `{email}` → mails a link for a new password → 200 with the mail's
//! id.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use shared::extract::{Json, Object, nullable};
use shared::http::{Admission, Deadline};
use shared::mail::MailError;
use shared::mailed_link::{MailedLink, Occasion};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::{Data, Envelope, Id};
use shared::{ApiError, App, Business};
use tokio::time::{sleep_until, timeout_at};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, ToSchema)]
struct ResetRequest {
    /// `null` never matches an account.
    #[schema(required)]
    #[serde(deserialize_with = "nullable")]
    email: Option<String>,
}

/// The response time of every request, counted like its deadline. The mail has to be sent before the answer, because in Lambda nothing runs
/// afterwards. A constant time does not reveal whether a mail was sent. A mail that takes longer is abandoned.
pub const RESPONSE_TIME: Duration = Duration::from_secs(3);

/// Maximum number of mails per account and hour.
const MAILS_PER_HOUR: i32 = 5;

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_reset_password_request))]
pub struct Api;

/// Requests send mail.
pub const ADMISSION: Admission = Admission::Mail;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/reset-password-request", post(post_reset_password_request))
}

/// Mails a link for setting a new password. An account is sent at most five per hour; further requests get the same
/// answer without a mail.
#[utoipa::path(
    post,
    path = "/api/auth/reset-password-request",
    tag = "auth",
    request_body = inline(ResetRequest),
    responses(
        (status = 200, description = "The id of the mail.", body = inline(Envelope<Id<String>>)),
        BadRequest,
        BodyRefused,
        ServerError<1002, 1004, 1040>
    )
)]
async fn post_reset_password_request(
    State(app): State<App>,
    deadline: Deadline,
    Json(Object(request)): Json<Object<ResetRequest>>,
) -> Result<Data<Id<String>>, ApiError> {
    let answered_at = deadline.began() + RESPONSE_TIME;
    let mail = async {
        let email = request.email.ok_or(Business::NotInvited)?;
        let Some((email, link)) = store_link(&app, &email).await? else { return Ok(app.mailer.fake_id()) };
        let sent = timeout_at(answered_at, link.mail(&app, &email)).await;
        sent.unwrap_or(Err(MailError::TooSlow.into()))
    };
    let (id, ()) = tokio::join!(mail, sleep_until(answered_at));
    Ok(Data(Id { id: id? }))
}

/// Stores a link for an active account, before it is mailed. Returns it with the account's address; `None` if the
/// account has reached its limit of mails.
///
/// Also deletes some tokens that expired at least a month ago: a deleted token is answered with 1022 instead of 1023.
async fn store_link(app: &App, address: &str) -> Result<Option<(String, MailedLink)>, ApiError> {
    let link = MailedLink::new(Occasion::Reset);
    let account = sqlx::query!(
        r#"WITH account AS (SELECT id, email, active IS TRUE AS is_active FROM account_named($1)),
             over AS (
               DELETE FROM reset_password_token WHERE id IN (
                 SELECT id FROM reset_password_token
                 WHERE expired_at < now() AT TIME ZONE 'UTC' - interval '30 days' AND EXISTS (SELECT FROM account WHERE is_active)
                 ORDER BY expired_at LIMIT 10 FOR UPDATE SKIP LOCKED)),
             counted AS (
               INSERT INTO reset_mails AS counted (account_id, mails, forgotten_at)
               SELECT id, 1, now() + interval '1 hour' FROM account WHERE is_active
               ON CONFLICT (account_id) DO UPDATE
               SET mails = CASE WHEN counted.forgotten_at > now() THEN least(counted.mails, $5) + 1 ELSE 1 END,
                   forgotten_at = CASE WHEN counted.forgotten_at > now() THEN counted.forgotten_at ELSE excluded.forgotten_at END
               RETURNING mails),
             stored AS (
               INSERT INTO reset_password_token (id, email, token, active, created_timestamp, modified_timestamp, expired_at)
               SELECT $2, email, $3, true, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                      now() AT TIME ZONE 'UTC' + make_interval(days => $4)
               FROM account, counted WHERE mails <= $5 RETURNING id)
           SELECT email AS "email!", is_active AS "is_active!", EXISTS (SELECT FROM stored) AS "is_stored!" FROM account"#,
        address,
        Uuid::new_v4(),
        link.stored_token(),
        Occasion::Reset.days(),
        MAILS_PER_HOUR
    )
    .fetch_optional(&app.db)
    .await?
    .ok_or(Business::NotInvited)?;
    if !account.is_active {
        return Err(Business::NotSignedUp.into());
    }
    Ok(account.is_stored.then_some((account.email, link)))
}
