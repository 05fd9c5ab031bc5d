//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): repeating a request with its key returns the
//! stored answer instead of executing it again.
//!
//! The key is claimed, and the answer stored, in the transaction of the change, so that there is no change without its
//! answer. A refused or failed request stores nothing, and is executed when it is repeated.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use crate::audit::{Actor, Author};
use crate::errors::{ApiError, bad_request};
use crate::extract::json_body;
use crate::reply::envelope;
use crate::request_json;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const MAX_KEY_CHARACTERS: usize = 255;

/// A JSON body, as [`crate::extract::Json`] reads it, of a request that must be executed at most once.
#[derive(Debug)]
pub struct Once<T> {
    /// The body.
    pub body: T,
    /// The request's key, if it has one.
    pub attempt: Attempt,
}

/// One attempt to execute a request, with or without a key.
#[derive(Debug)]
pub struct Attempt(Option<Keyed>);

#[derive(Debug)]
struct Keyed {
    /// What the key applies to: a path or a command.
    scope: String,
    key: String,
    /// The hash of the body: a repeated request has the same one.
    fingerprint: String,
}

/// The stored answer of an earlier attempt.
#[derive(Debug)]
pub struct StoredAnswer {
    status: StatusCode,
    body: String,
}

/// The answer to a request, new or stored.
#[derive(Debug)]
pub enum Answered<T> {
    /// This attempt executed the request.
    New(T),
    /// An earlier attempt executed it.
    Replayed(StoredAnswer),
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Once<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (key, scope) = (key(request.headers())?, request.uri().path().to_owned());
        let body = json_body(request, state).await?;
        let attempt = Attempt(key.map(|key| Keyed { scope, key, fingerprint: hash(&[&body]) }));
        Ok(Self { body: request_json::read(&body)?, attempt })
    }
}

impl Attempt {
    /// Returns the attempt of the `augmed` command `command`, whose content a repetition must have, too.
    pub fn of_command(command: &str, key: Option<&str>, content: &str) -> Result<Self, ApiError> {
        let key = key.map(check).transpose()?;
        let fingerprint = hash(&[content.as_bytes()]);
        Ok(Self(key.map(|key| Keyed { scope: command.to_owned(), key, fingerprint })))
    }

    /// Returns the stored answer, if there is one. Otherwise claims the key until the transaction of `connection` ends;
    /// concurrent attempts wait for that. Fails with 422 if the key was used for another request.
    pub async fn earlier(
        &self,
        connection: &mut PgConnection,
        author: &Author,
    ) -> Result<Option<StoredAnswer>, ApiError> {
        let Some(keyed) = &self.0 else { return Ok(None) };
        let id = keyed.id(author);
        let claimed = sqlx::query!(
            r#"WITH over AS (
                 DELETE FROM idempotent_request WHERE id IN (
                   SELECT id FROM idempotent_request WHERE forgotten_at < now() AND id <> $1
                   ORDER BY forgotten_at LIMIT 10 FOR UPDATE SKIP LOCKED))
               INSERT INTO idempotent_request AS known (id, fingerprint, forgotten_at)
               VALUES ($1, $2, now() + interval '1 day')
               ON CONFLICT (id) DO UPDATE
               SET fingerprint = excluded.fingerprint, forgotten_at = excluded.forgotten_at
               WHERE known.forgotten_at <= now()
               RETURNING id"#,
            id,
            keyed.fingerprint
        )
        .fetch_optional(&mut *connection)
        .await?;
        if claimed.is_some() {
            return Ok(None);
        }
        let known = sqlx::query!("SELECT fingerprint, status, answer FROM idempotent_request WHERE id = $1", id)
            .fetch_one(connection)
            .await?;
        if known.fingerprint != keyed.fingerprint {
            let message = "Idempotency-Key: it was used for another request; a new request needs a new key";
            return Err(ApiError::Request(StatusCode::UNPROCESSABLE_ENTITY, message.to_owned()));
        }
        let status = known.status.and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let earlier = status.zip(known.answer).map(|(status, body)| StoredAnswer { status, body });
        earlier.map(Some).ok_or_else(|| ApiError::Fault("an idempotency key was claimed without an answer".to_owned()))
    }

    /// Stores the answer to the request, `data` in the envelope, in the transaction of `connection`.
    pub async fn remember(
        &self,
        connection: &mut PgConnection,
        author: &Author,
        status: i16,
        data: &impl Serialize,
    ) -> Result<(), ApiError> {
        let Some(keyed) = &self.0 else { return Ok(()) };
        let answer = envelope(data).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
        sqlx::query!(
            "UPDATE idempotent_request SET status = $2, answer = $3 WHERE id = $1",
            keyed.id(author),
            status,
            answer
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Keyed {
    /// Includes the caller: two callers with the same key must not get each other's answers.
    fn id(&self, author: &Author) -> String {
        let caller = match author.actor {
            Actor::Account(id) => format!("account {id}"),
            Actor::AdminKey => "admin key".to_owned(),
            Actor::ExportKey => "export key".to_owned(),
            Actor::Cli => "cli".to_owned(),
        };
        hash(&[caller.as_bytes(), self.scope.as_bytes(), self.key.as_bytes()])
    }
}

impl StoredAnswer {
    /// Returns the stored body.
    pub fn body(&self) -> &str {
        &self.body
    }
}

impl IntoResponse for StoredAnswer {
    fn into_response(self) -> Response {
        (self.status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.body).into_response()
    }
}

impl<T: IntoResponse> IntoResponse for Answered<T> {
    fn into_response(self) -> Response {
        match self {
            Self::New(answer) => answer.into_response(),
            Self::Replayed(earlier) => earlier.into_response(),
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = given.next().map(|value| check(value.to_str().unwrap_or_default())).transpose()?;
    // we cannot know which of them the client will repeat
    if given.next().is_some() { Err(bad_request("Idempotency-Key: the request has several")) } else { Ok(key) }
}

/// Checks a key and returns it without quotes. Accepts the quoted string of RFC 9651 section 3.3.3, and a key without
/// quotes, as many clients send it.
fn check(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_key = (1..=MAX_KEY_CHARACTERS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let refusal = || {
        bad_request(format!(
            "Idempotency-Key: expected 1 to {MAX_KEY_CHARACTERS} visible ASCII characters in quotes, a UUID for example"
        ))
    };
    is_key.then(|| key.to_owned()).ok_or_else(refusal)
}

/// Hashes these parts, each prefixed with its length.
fn hash(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_keys_with_and_without_quotes() {
        assert_eq!(check("\"8e03978e-40d5\"").unwrap(), "8e03978e-40d5");
        assert_eq!(check("8e03978e-40d5").unwrap(), "8e03978e-40d5");
        for odd in ["", "\"\"", "a b", "ü", &"k".repeat(256)] {
            assert!(check(odd).unwrap_err().to_string().contains("Idempotency-Key: "), "{odd}");
        }
    }

    #[test]
    fn refuses_several_keys() {
        let with = |keys: &[&'static str]| {
            let keys = keys.iter().map(|key| (IDEMPOTENCY_KEY, HeaderValue::from_static(key)));
            key(&keys.collect())
        };

        assert_eq!(with(&[]).unwrap(), None);
        assert_eq!(with(&["a"]).unwrap().as_deref(), Some("a"));
        assert!(with(&["a", "b"]).unwrap_err().to_string().contains("Idempotency-Key: "));
    }

    #[test]
    fn the_hash_depends_on_the_boundaries_of_the_parts() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
