//! `POST /api/auth/login`: anyone; `{email, password}` → 200 with a token in the `Authorization` header.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::routing::post;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use shared::auth::PasswordRecord;
use shared::extract::{Json, nullable};
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
        ServerError<1002, 1004, 1005>
    )
)]
async fn post_login(
    State(app): State<App>,
    Json(login): Json<Login>,
) -> Result<([(HeaderName, String); 1], Bare<LoggedIn>), ApiError> {
    let email = login.email.ok_or(Business::NotInvited)?;
    let account = sqlx::query!(
        r#"SELECT active IS TRUE AS "is_active!", salt, password AS digest FROM "user" WHERE email = $1"#,
        email
    )
    .fetch_optional(&app.db)
    .await?
    .ok_or(Business::NotInvited)?;
    if !account.is_active {
        return Err(Business::NotSignedUp.into());
    }
    // an active account that never had a password matches none
    let (Some(salt), Some(digest)) = (account.salt, account.digest) else { return Err(Business::WrongPassword.into()) };
    if !app.passwords.verify(login.password, PasswordRecord { salt, digest }).await? {
        return Err(Business::WrongPassword.into());
    }
    let token =
        app.tokens.issue(&email, Utc::now()).map_err(|error| ApiError::Fault(format!("token not issued: {error}")))?;
    Ok(([(header::AUTHORIZATION, format!("Bearer {token}"))], Bare(LoggedIn { message: "Login Successfully" })))
}
