//! `POST /api/auth/signup`: anyone; an invited account sets its password and becomes active → 201, unless that requires
//! the mailed link.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use shared::audit::Action;
use shared::auth::is_strong;
use shared::config;
use shared::extract::{Json, Object, nullable};
use shared::http::{Admission, RequestId};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::{Created, Envelope};
use shared::{ApiError, App, Business};
use utoipa::{OpenApi, ToSchema};

#[derive(Deserialize, ToSchema)]
struct Signup {
    /// `null` never matches an account.
    #[schema(required)]
    #[serde(deserialize_with = "nullable")]
    email: Option<String>,
    password: String,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_signup))]
pub struct Api;

/// Requests hash a password.
pub const ADMISSION: Admission = Admission::Passwords;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/signup", post(post_signup))
}

/// Sets the password of an invited account, which becomes active. With `SIGNUP=by-mail`, and for administrators, this
/// requires the mailed link (`POST /api/auth/reset-password`).
#[utoipa::path(
    post,
    path = "/api/auth/signup",
    tag = "auth",
    request_body = inline(Signup),
    responses(
        (status = 201, description = "The account is active.", body = inline(Envelope<String>)),
        BadRequest,
        BodyRefused,
        ServerError<1001, 1002, 1003, 1051>
    )
)]
async fn post_signup(
    State(app): State<App>,
    request_id: RequestId,
    Json(Object(signup)): Json<Object<Signup>>,
) -> Result<Created<&'static str>, ApiError> {
    if !is_strong(&signup.password) {
        return Err(Business::WeakPassword.into());
    }
    let email = signup.email.ok_or(Business::NotInvited)?;
    // a separate round trip, because hashing costs a hundred times as much and should not be free for strangers
    let account = sqlx::query!(
        r#"SELECT id AS "id!", active IS TRUE AS "is_active!", password IS NOT NULL AS "has_password!",
                  admin_flag IS TRUE AS "is_admin!"
           FROM account_named($1)"#,
        email
    )
    .fetch_optional(&app.db)
    .await?
    .ok_or(Business::NotInvited)?;
    match (account.is_active, account.has_password) {
        (true, _) => return Err(Business::AlreadySignedUp.into()),
        // deactivated by an administrator
        (false, true) => return Err(Business::NotInvited.into()),
        (false, false) => {}
    }
    // knowing an administrator's address is no proof of being the administrator
    if app.signup == config::Signup::ByMail || account.is_admin {
        return Err(Business::SignupNeedsLink.into());
    }
    let password = app.passwords.hash(signup.password).await?;
    let signed_up = sqlx::query!(
        r#"WITH signed_up AS (
             UPDATE "user" SET salt = $2, password = $3, active = true, modified_timestamp = now() AT TIME ZONE 'UTC'
             WHERE id = $1 AND active IS NOT TRUE AND password IS NULL AND admin_flag IS NOT TRUE RETURNING id)
           INSERT INTO audit_entry (actor, account_id, action, resources, details, request_id)
           SELECT 'account', id, $4, '{}', '{}', $5 FROM signed_up"#,
        account.id,
        password.salt,
        password.digest,
        Action::SignUp.as_str(),
        request_id.as_str()
    )
    .execute(&app.db)
    .await?;
    // the second of two concurrent signups finds a password
    if signed_up.rows_affected() == 0 {
        Err(Business::AlreadySignedUp.into())
    } else {
        Ok(Created("Sign up successfully"))
    }
}
