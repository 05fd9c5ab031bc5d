//! A participant: the holder of a valid token whose account is active.

use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};

use super::tokens::{TokenError, VerifiedToken};
use crate::app::App;
use crate::errors::ApiError;

/// The holder of a valid token.
///
/// Only the database knows whether the account exists and is active. A statement that serves a participant returns that
/// too, in the same round trip, and its handler calls [`Participant::confirm`] before it uses anything else of the row.
/// `BearerSlot::attach` blocks a success for a participant who was not confirmed.
#[derive(Clone, Debug)]
pub struct Participant {
    email: String,
    logged_in_at: DateTime<Utc>,
    is_inspected: bool,
    bearer: Arc<Bearer>,
}

impl Participant {
    /// Returns the account's email as stored in `"user".email`. Do not log it.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Returns the time of the login that the token descends from. A statement that looks up the account must check
    /// that its `tokens_valid_from` is not later: `AND (tokens_valid_from <= $n) IS NOT FALSE`.
    pub fn logged_in_at(&self) -> DateTime<Utc> {
        self.logged_in_at
    }

    /// Returns whether `augmed` issued the token to somebody who inspects what the participant sees.
    pub fn is_inspected(&self) -> bool {
        self.is_inspected
    }

    /// Returns the id of the active account that the statement found, or fails with 401 if it found none.
    pub fn confirm(&self, account_id: Option<i32>) -> Result<i32, ApiError> {
        let id = account_id
            .ok_or(ApiError::Token("This account does not exist or is not active, or its sessions were ended"))?;
        // fails if another extractor of this request confirmed the same account
        let _ = self.bearer.account.set(Account(id));
        Ok(id)
    }

    /// Verifies the token of `parts` and keeps it for the answer's header. Fails with the outer error if the token
    /// could not be checked, and with the inner one if it is refused.
    pub(super) async fn of(parts: &Parts, app: &App) -> Result<Result<Self, TokenError>, ApiError> {
        let token = match bearer_token(&parts.headers) {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let mut verdict = app.tokens.verify(token, app.clock.now());
        if matches!(verdict, Err(TokenError::Signature))
            && app.tokens.may_miss_key_of(token)
            && app.rotation.look_up(&app.tokens.key()).await?
        {
            verdict = app.tokens.verify(token, app.clock.now());
        }
        Ok(verdict.map(|verified| Self::with_token(token, verified, parts)))
    }

    fn with_token(token: &str, verified: VerifiedToken, parts: &Parts) -> Self {
        let VerifiedToken { email, logged_in_at, is_for_inspection, renewed } = verified;
        let bearer = Arc::new(Bearer { presented: token.to_owned(), renewed, account: OnceLock::new() });
        if let Some(slot) = parts.extensions.get::<BearerSlot>() {
            slot.put(&bearer);
        }
        Self { email, logged_in_at, is_inspected: is_for_inspection, bearer }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        tracing::debug!(%error, "token refused");
        Self::Token(match error {
            TokenError::Missing => "Missing Authorization Header",
            TokenError::NotBearer => "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'",
            TokenError::Malformed => "Token is malformed",
            TokenError::Signature => "Signature verification failed",
            TokenError::Expired => "Token has expired",
            TokenError::NotYetValid => "The token is not yet valid",
            TokenError::NotAccess => "Only access tokens are allowed",
            TokenError::Revoked => "Token has been revoked",
        })
    }
}

/// Returns the token of `Authorization: Bearer <token>` (RFC 6750 section 2.1).
fn bearer_token(headers: &HeaderMap) -> Result<&str, TokenError> {
    let value = headers.get(header::AUTHORIZATION).ok_or(TokenError::Missing)?;
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.trim().split_once(' ')).ok_or(TokenError::NotBearer)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ') {
        Ok(token)
    } else {
        Err(TokenError::NotBearer)
    }
}

impl FromRequestParts<App> for Participant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self::of(parts, app).await??)
    }
}

/// Without an `Authorization` header there is no participant; a bad token is an error (contract section 9).
impl OptionalFromRequestParts<App> for Participant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        match Self::of(parts, app).await? {
            Err(TokenError::Missing) => Ok(None),
            result => Ok(Some(result?)),
        }
    }
}

/// The id of the confirmed account: an extension of the answer, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account(pub(crate) i32);

/// The token to return with the answer.
#[derive(Debug)]
struct Bearer {
    presented: String,
    renewed: Option<String>,
    account: OnceLock<Account>,
}

impl Bearer {
    /// Returns the renewed token only if the account is confirmed, and the presented one otherwise.
    fn for_answer(&self) -> &str {
        let renewed = self.renewed.as_deref().filter(|_| self.account.get().is_some());
        renewed.unwrap_or(&self.presented)
    }
}

/// A slot in which extractors keep the token that they accepted.
#[derive(Clone, Default)]
pub(crate) struct BearerSlot(Arc<OnceLock<Arc<Bearer>>>);

impl BearerSlot {
    /// Adds a slot to a request.
    pub(crate) fn of(request: &mut Request) -> Self {
        let slot = Self::default();
        request.extensions_mut().insert(slot.clone());
        slot
    }

    fn put(&self, bearer: &Arc<Bearer>) {
        // fails if another extractor of this request put the same token
        let _ = self.0.set(Arc::clone(bearer));
    }

    /// Puts the token, or its renewal, into the answer's `Authorization` header. Replaces a success by a fault if the
    /// account was never confirmed.
    pub(crate) fn attach(&self, mut response: Response) -> Response {
        let Some(bearer) = self.0.get() else { return response };
        let account = bearer.account.get();
        if account.is_none() && response.status().is_success() {
            return ApiError::Fault("a handler answered a participant without confirming the account".to_owned())
                .into_response();
        }
        if let Some(account) = account {
            response.extensions_mut().insert(*account);
        }
        if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return response;
        }
        if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", bearer.for_answer())) {
            response.headers_mut().insert(header::AUTHORIZATION, value);
        }
        response
    }
}
