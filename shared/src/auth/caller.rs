//! Callers of the routes that are not a participant's: administrators and services.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::account::Participant;
use super::api_key;
use crate::app::App;
use crate::errors::{ApiError, forbidden, unauthorized};

/// `X-API-Key` equal to `ADMIN_API_KEY`, or the token of an account with `admin_flag` (contract section 9).
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    /// Who it is, if it is a person and not a key.
    pub account_id: Option<i32>,
}

/// `X-API-Key` equal to `EXPORT_API_KEY`, or the token of an account with `admin_flag` (contract sections 2 and 9).
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// Who it is, if it is a person and not a key.
    pub account_id: Option<i32>,
}

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if api_key::matches(&parts.headers, app.admin_api_key.as_deref()) {
            return Ok(Self { account_id: None });
        }
        administrator(parts, app).await.map(|id| Self { account_id: Some(id) })
    }
}

impl FromRequestParts<App> for Service {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        if api_key::matches(&parts.headers, app.export_api_key.as_deref()) {
            return Ok(Self { account_id: None });
        }
        administrator(parts, app).await.map(|id| Self { account_id: Some(id) })
    }
}

/// A round trip of its own: these routes are called by few, and most of their statements know no account.
async fn administrator(parts: &Parts, app: &App) -> Result<i32, ApiError> {
    let participant = Participant::of(parts, app).map_err(|_| unauthorized("Invalid or missing API key"))?;
    let account = sqlx::query!(
        r#"SELECT id, admin_flag IS TRUE AS "is_admin!" FROM "user" WHERE email = $1 AND active"#,
        participant.email()
    )
    .fetch_optional(&app.db)
    .await?;
    let Some(account) = account else { return Err(unauthorized("Invalid or missing API key")) };
    participant.confirm(Some(account.id))?;
    if account.is_admin { Ok(account.id) } else { Err(forbidden("This is for administrators")) }
}
