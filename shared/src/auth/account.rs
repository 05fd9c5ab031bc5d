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
/// Whether the account exists and is active is known to the database alone. A statement that serves a participant
/// says so itself, in the same round trip, and its handler calls [`Participant::confirm`] before it uses anything
/// else of the row. A success for a participant whom nobody confirmed does not leave the process.
#[derive(Clone, Debug)]
pub struct Participant {
    email: String,
    logged_in_at: DateTime<Utc>,
    is_inspected: bool,
    bearer: Arc<Bearer>,
}

impl Participant {
    /// The account's email, as it is stored in `"user".email`. Not for logs.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// When the login was that the token descends from. A statement that looks for the account asks that its `tokens_valid_from` is not
    /// later: `AND (tokens_valid_from <= $n) IS NOT FALSE`.
    pub fn logged_in_at(&self) -> DateTime<Utc> {
        self.logged_in_at
    }

    /// Whether somebody else looks at what the participant sees, with a token that `augmed` issued.
    pub fn is_inspected(&self) -> bool {
        self.is_inspected
    }

    /// Takes the id of the active account that the statement found, if it found one; 401 otherwise.
    pub fn confirm(&self, account_id: Option<i32>) -> Result<i32, ApiError> {
        let id = account_id
            .ok_or(ApiError::Token("This account does not exist or is not active, or its sessions were ended"))?;
        // a second extractor of the same request finds the same account
        let _ = self.bearer.account.set(Account(id));
        Ok(id)
    }

    /// Verifies the token of `parts` and leaves it for the answer's header. Fails where it cannot be known whether the
    /// token is right.
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
        Ok(verdict.map(|verified| Self::holding(token, verified, parts)))
    }

    fn holding(token: &str, verified: VerifiedToken, parts: &Parts) -> Self {
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

/// The token of `Authorization: Bearer <token>` (RFC 6750 section 2.1).
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

/// No `Authorization` header is nobody; a bad token is an error (contract section 9).
impl OptionalFromRequestParts<App> for Participant {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, ApiError> {
        match Self::of(parts, app).await? {
            Err(TokenError::Missing) => Ok(None),
            result => Ok(Some(result?)),
        }
    }
}

/// The id of the account that was confirmed: an extension of the answer, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account(pub(crate) i32);

/// The token that goes back with the answer.
#[derive(Debug)]
struct Bearer {
    presented: String,
    renewed: Option<String>,
    account: OnceLock<Account>,
}

impl Bearer {
    /// A newer token is for active accounts only; the one that was presented tells its holder nothing new.
    fn for_answer(&self) -> &str {
        let renewed = self.renewed.as_deref().filter(|_| self.account.get().is_some());
        renewed.unwrap_or(&self.presented)
    }
}

/// Where extractors leave the token that they accepted.
#[derive(Clone, Default)]
pub(crate) struct BearerSlot(Arc<OnceLock<Arc<Bearer>>>);

impl BearerSlot {
    /// The slot of a request that begins.
    pub(crate) fn of(request: &mut Request) -> Self {
        let slot = Self::default();
        request.extensions_mut().insert(slot.clone());
        slot
    }

    fn put(&self, bearer: &Arc<Bearer>) {
        // a second extractor of the same request finds the same token
        let _ = self.0.set(Arc::clone(bearer));
    }

    /// Puts the token, or the newer one, into the answer's `Authorization` header, and stops a success for an account that
    /// was never confirmed.
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
