//! `POST /api/auth/login`: anyone; `{email, password}` → 200 with a token in the `Authorization` header.

mod account;
mod failures;

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::post;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::auth::PasswordRecord;
use shared::extract::{Json, Object, nullable};
use shared::http::{Admission, ClientAddress};
use shared::openapi::{BadRequest, BodyRefused, ServerError};
use shared::reply::Bare;
use shared::{ApiError, App, Business};
use tokio::time::{Instant, sleep_until};
use utoipa::{OpenApi, ToSchema};

use account::Account;

#[derive(Deserialize, ToSchema)]
struct Login {
    /// `null` never matches an account.
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

/// Requests hash a password.
pub const ADMISSION: Admission = Admission::Passwords;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/auth/login", post(post_login)).layer(from_fn(quantize_refusal_time))
}

/// Refusals are delayed to a multiple of this. Counting a wrong password takes an additional commit, so the response
/// time would otherwise reveal which accounts exist. A hash takes a fraction of the first step.
const STEP: Duration = Duration::from_millis(250);

async fn quantize_refusal_time(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let response = next.run(request).await;
    // business errors only; a success reveals more than its time
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        let steps = started.elapsed().div_duration_f64(STEP).ceil();
        sleep_until(started + STEP.mul_f64(steps)).await;
    }
    response
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
    client: ClientAddress,
    Json(Object(login)): Json<Object<Login>>,
) -> Result<([(HeaderName, String); 1], Bare<LoggedIn>), ApiError> {
    let email = login.email.ok_or(Business::NotInvited)?;
    let client_hash = app.client_hash(&client);
    let account = Account::named(&app.db, &email, &client_hash).await?;
    failures::refuse_if_blocked(account.blocked_seconds)?;
    // the dummy matches no password and takes as long as any other, for accounts that are unknown or have no password
    let guess = account.guess(&client_hash);
    let record = account.salt.clone().zip(account.digest.clone());
    let record = record.map_or_else(PasswordRecord::dummy, |(salt, digest)| PasswordRecord { salt, digest });
    let is_right = app.passwords.verify(login.password, record).await?;
    let refusal = match (account.id, account.is_active) {
        (None, _) => Some(Business::NotInvited),
        (Some(_), false) => Some(Business::NotSignedUp),
        (Some(_), true) => (!is_right).then_some(Business::WrongPassword),
    };
    if let Some(refusal) = refusal {
        if let Some(guess) = &guess {
            guess.count_wrong(&app.db).await?;
        }
        return Err(refusal.into());
    }
    let guess = guess.ok_or(Business::WrongPassword)?;
    // `None` if the password changed while this one was hashed
    let session = guess.reset_failures(&app.db).await?.ok_or(Business::WrongPassword)?;
    // PostgreSQL's clock dates the end of sessions, and the clock of this process may be behind it or ahead of it
    let now = app.clock.now();
    let not_before = |time: DateTime<Utc>| session.tokens_valid_from.map_or(time, |valid_from| valid_from.max(time));
    let logged_in_at = not_before(session.database_time.min(now));
    let token = app.tokens.issue_for_login(&session.email, session.is_admin, not_before(now), logged_in_at);
    let token = token.map_err(|error| ApiError::Fault(format!("token not issued: {error}")))?;
    Ok(([(header::AUTHORIZATION, format!("Bearer {token}"))], Bare(LoggedIn { message: "Login Successfully" })))
}
