//! `POST /api/auth/reset-password-request`: anyone; `{email}` → mails a link that sets a new password → 200 with the mail's id.

mod letter;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use shared::auth::ResetToken;
use shared::extract::{Json, Object, nullable};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::{Data, Envelope, Id};
use shared::{ApiError, App, Business};
use sqlx::PgExecutor;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

#[derive(Deserialize, ToSchema)]
struct ResetRequest {
    /// `null` is an account that nobody has.
    #[schema(required)]
    #[serde(deserialize_with = "nullable")]
    email: Option<String>,
}

/// A mail takes its time, and has to leave before the answer: in Lambda nothing runs behind it. So that the time does not tell for
/// whom there was one, every answer takes this long.
pub const ANSWERED_AFTER: Duration = Duration::from_secs(1);

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_reset_password_request))]
pub struct Api;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/reset-password-request", post(post_reset_password_request))
}

/// Mails a link that sets a new password.
#[utoipa::path(
    post,
    path = "/api/auth/reset-password-request",
    tag = "auth",
    request_body = inline(ResetRequest),
    responses(
        (status = 200, description = "The mail has left; its id.", body = inline(Envelope<Id<String>>)),
        BadRequest,
        BodyRefused,
        ServerError<1002, 1004, 1040>
    )
)]
async fn post_reset_password_request(
    State(app): State<App>,
    Json(Object(request)): Json<Object<ResetRequest>>,
) -> Result<Data<Id<String>>, ApiError> {
    let mail = async {
        let email = request.email.ok_or(Business::NotInvited)?;
        let token = store_token(&app.db, &email).await?;
        mail_link(&app, &email, &token).await
    };
    let (id, ()) = tokio::join!(mail, tokio::time::sleep(ANSWERED_AFTER));
    Ok(Data(Id { id: id? }))
}

/// Stores a token of an active account. It has to be there before the mail with it leaves.
pub async fn store_token(db: impl PgExecutor<'_>, email: &str) -> Result<ResetToken, ApiError> {
    let token = ResetToken::generate();
    let account = sqlx::query!(
        r#"WITH account AS (SELECT email, active IS TRUE AS is_active FROM "user" WHERE email = $1),
             stored AS (
               INSERT INTO reset_password_token (id, email, token, active, created_timestamp, modified_timestamp, expired_at)
               SELECT $2, email, $3, true, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                      now() AT TIME ZONE 'UTC' + interval '2 days'
               FROM account WHERE is_active)
           SELECT is_active AS "is_active!" FROM account"#,
        email,
        Uuid::new_v4(),
        token.stored()
    )
    .fetch_optional(db)
    .await?
    .ok_or(Business::NotInvited)?;
    if account.is_active { Ok(token) } else { Err(Business::NotSignedUp.into()) }
}

/// Mails the link with a token that [`store_token`] gave; the mail's id.
pub async fn mail_link(app: &App, email: &str, token: &ResetToken) -> Result<String, ApiError> {
    let frontend_url =
        app.frontend_url.as_deref().ok_or_else(|| ApiError::Fault("FRONTEND_URL is not set".to_owned()))?;
    Ok(app.mailer.send(email, &letter::reset_password(frontend_url, token)).await?)
}
