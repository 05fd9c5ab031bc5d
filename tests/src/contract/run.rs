//! Runs one scenario, step by step, on a database that contains the fixture.

use sqlx::PgConnection;

use super::answer::{self, Answer, Outcome, Sent};
use super::login::Logins;
use super::request::{self, Credentials};
use super::scenario::{Action, HttpStep, Scenario};
use super::sql;
use super::transport::Transport;
use super::variables::Variables;

/// Access to a server.
#[derive(Debug)]
pub struct Client<'a> {
    /// Connection to the server.
    pub transport: &'a Transport,
    /// Cached logins.
    pub logins: &'a Logins,
    /// The server's `EXPORT_API_KEY` and `ADMIN_API_KEY`.
    pub api_key: &'a str,
    /// The server's `JWT_SECRET_KEY`.
    pub jwt_secret: &'a str,
}

/// Why a step could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// PostgreSQL refused the statement.
    #[error("step {step:?}: {source}")]
    Statement {
        /// The step's name.
        step: String,
        /// PostgreSQL's error.
        source: sqlx::Error,
    },
    /// The step does not describe a valid HTTP request.
    #[error("step {step:?}: {source}")]
    Request {
        /// The step's name.
        step: String,
        /// What is wrong.
        source: http::Error,
    },
    /// The step's token cannot be signed.
    #[error("step {step:?}: {source}")]
    Token {
        /// The step's name.
        step: String,
        /// What is wrong.
        source: jsonwebtoken::errors::Error,
    },
}

/// Returns the outcomes of all steps, in order.
pub async fn scenario(
    scenario: &Scenario,
    client: &Client<'_>,
    database: &mut PgConnection,
) -> Result<Vec<Outcome>, RunError> {
    let mut variables = Variables::default();
    let mut outcomes = vec![];
    for step in &scenario.steps {
        outcomes.push(match &step.action {
            Action::Sql(statement) => {
                let rows = sql::rows(database, &statement.sql).await;
                Outcome::Rows { rows: rows.map_err(|source| RunError::Statement { step: step.name.clone(), source })? }
            }
            Action::Http(http) => client.send(&step.name, http, &mut variables).await?,
        });
    }
    Ok(outcomes)
}

impl Client<'_> {
    async fn send(&self, name: &str, step: &HttpStep, variables: &mut Variables) -> Result<Outcome, RunError> {
        let bearer = self.bearer(step).await.map_err(|source| RunError::Token { step: name.to_owned(), source })?;
        let credentials = Credentials { bearer: bearer.as_deref(), api_key: self.api_key };
        let request = request::build(step, self.transport.host(), credentials, variables)
            .map_err(|source| RunError::Request { step: name.to_owned(), source })?;
        let authorization = request.headers().get("authorization").cloned();
        let response = match self.transport.send(request).await {
            Ok(response) => response,
            Err(error) => return Ok(Outcome::NoAnswer(error.to_string())),
        };

        let own_address = format!("http://{}", self.transport.host());
        let authorization = authorization.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let sent = Sent { authorization: authorization.as_deref().unwrap_or_default(), own_address: &own_address };
        let mut answer = Answer::describe(&response, sent);
        for (name, value) in answer::saved(step, &response, &answer) {
            variables.set(&name, value);
        }
        if step.exact {
            answer = answer.as_text(&response, &own_address);
        }
        Ok(Outcome::Answer(Box::new(answer.normalised(&step.normalise))))
    }

    async fn bearer(&self, step: &HttpStep) -> Result<Option<String>, jsonwebtoken::errors::Error> {
        if let Some(token) = &step.token {
            let now = jsonwebtoken::get_current_timestamp().try_into().unwrap_or(i64::MAX);
            return token.sign(self.jwt_secret, now).map(Some);
        }
        match &step.login_as {
            Some(account) => Ok(Some(self.logins.token(account, self.transport).await)),
            None => Ok(None),
        }
    }
}
