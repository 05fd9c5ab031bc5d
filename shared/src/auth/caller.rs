//! Callers other than participants: administrators and services.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::account::Participant;
use super::api_key;
use crate::app::App;
use crate::audit::{Actor, Author};
use crate::errors::{ApiError, forbidden, unauthorized};
use crate::http::RequestId;

/// A caller whose `X-API-Key` is `ADMIN_API_KEY`, or whose token belongs to an account with `admin_flag` (contract
/// section 9).
#[derive(Clone, Debug)]
pub struct Admin(pub Author);

/// A caller whose `X-API-Key` is `EXPORT_API_KEY`, or whose token belongs to an account with `admin_flag` (contract
/// sections 2 and 9).
#[derive(Clone, Debug)]
pub struct Service(pub Author);

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let has_key =
            api_key::is_presented(&parts.headers, app.admin_api_key.as_deref(), &app.rotation, app.clock.now()).await?;
        let actor = if has_key { Actor::AdminKey } else { administrator(parts, app).await? };
        Ok(Self(Author { actor, request_id: RequestId::of(parts) }))
    }
}

impl FromRequestParts<App> for Service {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let has_key =
            api_key::is_presented(&parts.headers, app.export_api_key.as_deref(), &app.rotation, app.clock.now())
                .await?;
        let actor = if has_key { Actor::ExportKey } else { administrator(parts, app).await? };
        Ok(Self(Author { actor, request_id: RequestId::of(parts) }))
    }
}

/// Returns the account as an actor; fails unless it is an administrator's. Needs an extra round trip, which is
/// acceptable because these routes are called rarely and most of their statements do not read an account.
async fn administrator(parts: &Parts, app: &App) -> Result<Actor, ApiError> {
    let participant = Participant::of(parts, app).await?.map_err(|_| unauthorized("Invalid or missing API key"))?;
    let account = sqlx::query!(
        r#"SELECT id, admin_flag IS TRUE AS "is_admin!" FROM "user"
           WHERE email = $1 AND active AND (tokens_valid_from <= $2) IS NOT FALSE"#,
        participant.email(),
        participant.logged_in_at()
    )
    .fetch_optional(&app.db)
    .await?;
    let Some(account) = account else { return Err(unauthorized("Invalid or missing API key")) };
    participant.confirm(Some(account.id))?;
    if account.is_admin { Ok(Actor::Account(account.id)) } else { Err(forbidden("This is for administrators")) }
}
