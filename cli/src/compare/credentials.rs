//! Keys and tokens, created for one request, and neither stored nor printed.

use chrono::TimeDelta;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use shared::auth::Tokens;
use shared::{App, Config, time};

use super::answer::Token;
use super::question::Caller;

/// Age of a new token: the old system refuses one whose time its clock has not reached yet.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);

/// Credentials that both systems accept.
pub struct Credentials {
    app: App,
    export_key: Option<SecretString>,
    admin_key: Option<SecretString>,
    /// Address of an active account with `admin_flag`.
    administrator: Option<String>,
    /// Lifetime of a token.
    lifetime: TimeDelta,
}

/// Credentials of one request.
#[derive(Default)]
pub struct Signed {
    key: Option<SecretString>,
    token: Option<SecretString>,
}

impl Credentials {
    /// Reads the credentials from the server's environment. An administrator's token replaces a missing key.
    pub fn new(app: App, config: &Config, administrator: Option<String>) -> Self {
        let lifetime = TimeDelta::from_std(config.access_token_expires).unwrap_or(TimeDelta::MAX);
        let (export_key, admin_key) = (config.export_api_key.clone(), config.admin_api_key.clone());
        Self { app, export_key, admin_key, administrator, lifetime }
    }

    /// Returns whether exports and accounts can be requested.
    pub fn are_complete(&self) -> bool {
        self.administrator.is_some() || (self.export_key.is_some() && self.admin_key.is_some())
    }

    /// Returns the credentials of this caller.
    pub fn sign(&self, caller: &Caller) -> Signed {
        let with_token = |token: String| Signed { token: Some(token.into()), ..Signed::default() };
        let now = |email: &str| self.token(email, CLOCK_SKEW);
        let administrator = || self.administrator.as_deref().map(|email| now(email).into());
        match caller {
            Caller::Nobody => Signed::default(),
            Caller::Participant(email) | Caller::Inactive(email) => with_token(now(email)),
            Caller::Ageing(email) => with_token(self.token(email, self.lifetime * 3 / 4)),
            Caller::Expired(email) => with_token(self.token(email, self.lifetime + TimeDelta::hours(1))),
            Caller::Forged(email) => with_token(forged(&now(email))),
            Caller::Holder(token) => Signed { token: Some(token.clone()), ..Signed::default() },
            Caller::Garbage => with_token("no-token".to_owned()),
            Caller::Service => match &self.export_key {
                Some(key) => Signed { key: Some(key.clone()), token: None },
                None => Signed { key: None, token: administrator() },
            },
            // the old system reads the token on some routes of /admin, and the load balancer in front of it the key
            Caller::Administrator => Signed { key: self.admin_key.clone(), token: administrator() },
        }
    }

    /// Signs a token issued `ago`.
    fn token(&self, email: &str, ago: TimeDelta) -> String {
        // HMAC signing cannot fail; without a token both systems would refuse the request, and the report would show it
        let is_admin = self.administrator.as_deref() == Some(email);
        self.app.tokens.issue_for_inspection(email, is_admin, time::now() - ago).unwrap_or_default()
    }

    /// Compares the token of a response with the one of its request.
    pub fn compare(&self, sent: &Signed, received: Option<&str>) -> Token {
        let account = |token: &str| Tokens::verify(&self.app.tokens, token, time::now()).map(|verified| verified.email);
        let Some(received) = received else { return Token::Missing };
        let Some(sent) = &sent.token else {
            // after a login
            return if account(received).is_ok() { Token::Renewed } else { Token::Wrong };
        };
        if received == sent.expose_secret() {
            Token::Same
        } else if account(received).is_ok_and(|email| account(sent.expose_secret()).is_ok_and(|sent| sent == email)) {
            Token::Renewed
        } else {
            Token::Wrong
        }
    }
}

impl Signed {
    /// Adds the credentials to a request.
    pub fn put_into(&self, mut request: RequestBuilder) -> RequestBuilder {
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key.expose_secret());
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose_secret());
        }
        request
    }
}

/// Returns the token with another signature of the same length.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    let first = if signature.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{first}{}", signature.get(1..).unwrap_or_default())
}
