//! `POST /api/auth/login`: anyone; `{email, password}` → 200 with a token in the `Authorization` header.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, header};
use axum::routing::post;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use shared::auth::PasswordRecord;
use shared::extract::{Json, nullable};
use shared::reply::Bare;
use shared::{ApiError, App, Business};

#[derive(Deserialize)]
struct Login {
    /// `null` is an account that nobody has.
    #[serde(deserialize_with = "nullable")]
    email: Option<String>,
    password: String,
}

#[derive(Serialize)]
struct LoggedIn {
    message: &'static str,
}

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/login", post(post_login))
}

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
