//! Caches logins, because each password costs the server 25 ms of CPU.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use axum::body::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::area::{self, FixtureError};
use super::transport::Transport;

/// Lifetime of a cached login.
const REUSED_FOR: Duration = Duration::from_secs(300);

/// The accounts of `accounts.json` and their tokens so far. Tokens stay valid when the fixture is reloaded.
#[derive(Debug)]
pub struct Logins {
    accounts: BTreeMap<String, Value>,
    tokens: Mutex<HashMap<String, (String, Instant)>>,
}

impl Logins {
    /// Creates an empty cache.
    pub fn new() -> Result<Self, FixtureError> {
        Ok(Self { accounts: area::parse("accounts.json")?, tokens: Mutex::default() })
    }

    /// Returns the account's token. A failed login returns an invalid token, so that the step that needs it fails.
    pub async fn token(&self, account: &str, transport: &Transport) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some((token, since)) = tokens.get(account)
            && since.elapsed() < REUSED_FOR
        {
            return token.clone();
        }
        let token = self.log_in(account, transport).await.unwrap_or_else(|| "login-failed".to_owned());
        tokens.insert(account.to_owned(), (token.clone(), Instant::now()));
        token
    }

    async fn log_in(&self, account: &str, transport: &Transport) -> Option<String> {
        let request = Request::post("/api/auth/login")
            .header(HOST, transport.host())
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(self.accounts.get(account)?.to_string()));
        let response = transport.send(request.ok()?).await.ok()?;
        let header = response.headers().get(AUTHORIZATION)?.to_str().ok()?;
        header.rsplit(' ').next().map(ToOwned::to_owned)
    }
}
