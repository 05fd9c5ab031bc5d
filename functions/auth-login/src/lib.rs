//! `POST /api/auth/login`: anyone; `{email, password}` → 200 with a token in the `Authorization` header.

mod failures;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::routing::post;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use shared::auth::PasswordRecord;
use shared::extract::{Json, Object, nullable};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::Bare;
use shared::{ApiError, App, Business};
use utoipa::{OpenApi, ToSchema};

#[derive(Deserialize, ToSchema)]
struct Login {
    /// `null` is an account that nobody has.
    #[schema(required)]
    #[serde(deserialize_with = "nullable")]
    email: Option<String>,
    password: String,
}

#[derive(Serialize, ToSchema)]
struct LoggedIn {
    message: &'static str,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_login))]
pub struct Api;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/login", post(post_login))
}

/// Logs in.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    tag = "auth",
    request_body = inline(Login),
    responses(
        (status = 200, description = "Logged in.", body = inline(LoggedIn),
            headers(("Authorization" = String, description = "`Bearer <token>`"))),
        BadRequest,
        BodyRefused,
        ServerError<1002, 1004, 1005, 1050>
    )
)]
async fn post_login(
    State(app): State<App>,
    Json(Object(login)): Json<Object<Login>>,
) -> Result<([(HeaderName, String); 1], Bare<LoggedIn>), ApiError> {
    let email = login.email.ok_or(Business::NotInvited)?;
    let address_hash = app.address_hash(&email);
    let account = sqlx::query!(
        r#"SELECT "user".id IS NOT NULL AS "exists!", active IS TRUE AS "is_active!", salt AS "salt?", password AS "digest?",
                  ceil(extract(epoch FROM forgotten_at - now()))::integer AS blocked_seconds
           FROM (SELECT) AS always
           LEFT JOIN "user" ON email = $1
           LEFT JOIN login_failure ON address_hash = $2 AND failures >= $3 AND forgotten_at > now()"#,
        email,
        address_hash,
        failures::MOST
    )
    .fetch_one(&app.db)
    .await?;
    failures::refuse_if_blocked(account.blocked_seconds)?;
    // an active account that never had a password matches none; a stranger waits as long as anybody else
    let record = account.salt.zip(account.digest).map(|(salt, digest)| PasswordRecord { salt, digest });
    let can_be_guessed = account.is_active && record.is_some();
    let is_right = app.passwords.verify(login.password, record.unwrap_or_else(PasswordRecord::of_nobody)).await?;
    let refusal = match (account.exists, account.is_active) {
        (false, _) => Some(Business::NotInvited),
        (true, false) => Some(Business::NotSignedUp),
        (true, true) => (!is_right).then_some(Business::WrongPassword),
    };
    if let Some(refusal) = refusal {
        if can_be_guessed {
            failures::count(&app.db, &address_hash).await?;
        }
        return Err(refusal.into());
    }
    failures::forget(&app.db, &address_hash).await?;
    let token =
        app.tokens.issue(&email, Utc::now()).map_err(|error| ApiError::Fault(format!("token not issued: {error}")))?;
    Ok(([(header::AUTHORIZATION, format!("Bearer {token}"))], Bare(LoggedIn { message: "Login Successfully" })))
}
