//! `POST /api/auth/reset-password`: anyone with a mailed token; `{password, resetToken}` → 200 `"password updated"`.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use shared::audit::Action;
use shared::auth::{ResetToken, is_strong};
use shared::extract::{Json, Object};
use shared::http::{Admission, RequestId};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::{Data, Envelope};
use shared::{ApiError, App, Business};
use utoipa::{OpenApi, ToSchema};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reset {
    password: String,
    reset_token: String,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_reset_password))]
pub struct Api;

/// Requests hash a password.
pub const ADMISSION: Admission = Admission::Passwords;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/reset-password", post(post_reset_password))
}

/// Sets a new password with the token of a mailed link. An invited account becomes active. Earlier tokens and links are
/// refused afterwards.
#[utoipa::path(
    post,
    path = "/api/auth/reset-password",
    tag = "auth",
    request_body = inline(Reset),
    responses(
        (status = 200, description = "The password is set.", body = inline(Envelope<String>)),
        BadRequest,
        BodyRefused,
        ServerError<1001, 1022, 1023>
    )
)]
async fn post_reset_password(
    State(app): State<App>,
    request_id: RequestId,
    Json(Object(reset)): Json<Object<Reset>>,
) -> Result<Data<&'static str>, ApiError> {
    let token = ResetToken::from_mail(reset.reset_token).stored();
    // a separate round trip, because hashing costs a hundred times as much and should not be free for strangers
    let tokens = sqlx::query!(
        r#"SELECT t.id, t.active IS TRUE AS "is_unused!", (t.expired_at > now() AT TIME ZONE 'UTC') IS TRUE AS "is_in_time!",
                  (u.active IS TRUE OR u.password IS NULL) AND u.id IS NOT NULL AS "has_account!",
                  u.active IS TRUE AS "is_active!",
                  (tokens_valid_from IS NULL OR t.created_timestamp AT TIME ZONE 'UTC' >= tokens_valid_from) IS TRUE AS "is_valid!"
           FROM reset_password_token t LEFT JOIN "user" u ON u.email = t.email
           WHERE t.token = $1"#,
        token
    )
    .fetch_all(&app.db)
    .await?;
    // no token, or an ambiguous one
    let [token] = tokens.as_slice() else { return Err(Business::InvalidResetToken.into()) };
    if !token.is_unused || !token.has_account {
        return Err(Business::InvalidResetToken.into());
    }
    if !token.is_in_time {
        return Err(Business::ExpiredResetToken.into());
    }
    // the password was changed or the sessions were ended after the token was created
    if !token.is_valid {
        return Err(Business::InvalidResetToken.into());
    }
    if !is_strong(&reset.password) {
        return Err(Business::WeakPassword.into());
    }
    let password = app.passwords.hash(reset.password).await?;
    let action = if token.is_active { Action::ResetPassword } else { Action::SignUp };
    // Locks the account first, like every statement that changes it, and reads it again, because it may have changed
    // meanwhile. The trigger on `tokens_valid_from` ends the sessions; other links are marked as used for the old
    // service, which does not know that column.
    let updated = sqlx::query!(
        r#"WITH account AS (
             SELECT u.id, u.email, u.tokens_valid_from
             FROM "user" u JOIN reset_password_token t ON t.email = u.email
             WHERE t.id = $1 AND (u.active IS TRUE OR u.password IS NULL) FOR NO KEY UPDATE OF u),
             used AS (
               UPDATE reset_password_token t SET active = false, modified_timestamp = now() AT TIME ZONE 'UTC' FROM account
               WHERE t.id = $1 AND t.active
                 AND (tokens_valid_from IS NULL OR t.created_timestamp AT TIME ZONE 'UTC' >= tokens_valid_from)
               RETURNING account.id, account.email),
             others AS (
               UPDATE reset_password_token t SET active = false, modified_timestamp = now() AT TIME ZONE 'UTC' FROM used
               WHERE t.email = used.email AND t.id <> $1 AND t.active AND t.expired_at > now() AT TIME ZONE 'UTC'),
             updated AS (
               UPDATE "user" SET salt = $2, password = $3, active = true, modified_timestamp = now() AT TIME ZONE 'UTC'
               FROM used WHERE "user".id = used.id RETURNING "user".id)
           INSERT INTO audit_entry (actor, account_id, action, resources, details, request_id)
           SELECT 'account', id, $4, '{}', '{}', $5 FROM updated"#,
        token.id,
        password.salt,
        password.digest,
        action.as_str(),
        request_id.as_str()
    )
    .execute(&app.db)
    .await?;
    // the second of two concurrent resets finds the token used
    if updated.rows_affected() == 0 { Err(Business::InvalidResetToken.into()) } else { Ok(Data("password updated")) }
}
