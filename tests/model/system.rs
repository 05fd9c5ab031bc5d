//! The system under test: sends requests to it, and resets it for each test case.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Bytes;
use chrono::Utc;
use http::{Response, header};
use serde_json::{Value, json};
use shared::auth::Tokens;
use sqlx::PgPool;
use tests::app::JWT_SECRET_KEY;
use tests::contract::transport::Transport;
use tests::secrets;

use crate::expected::{self, Answer, Expected, Token, Values};
use crate::faults::Fault;
use crate::model::Model;
use crate::requests::Request;
use crate::sent::Sent;

const SEED: &str = include_str!("seed.sql");
const RESET: &str = include_str!("reset.sql");

/// The API in one of its forms, with a separate database.
pub struct System {
    transport: Transport,
    database: PgPool,
    tokens: Tokens,
    fault: Option<Fault>,
}

impl System {
    /// Creates a system for the API behind `transport`, whose `database` contains the contract's data.
    pub async fn over(transport: Transport, database: PgPool, fault: Option<Fault>) -> Self {
        sqlx::raw_sql(SEED).execute(&database).await.expect("the seed fits the data of the contract");
        let hour = Duration::from_hours(1);
        let tokens = Tokens::new(&JWT_SECRET_KEY.into(), hour, hour);
        Self { transport, database, tokens, fault }
    }

    /// Resets the database to the seed, and returns the initial tokens.
    async fn reset(&self) -> Values {
        sqlx::raw_sql(RESET).execute(&self.database).await.expect("the reset fits the schema");
        let mut values = Values::default();
        for session in Model::default().accounts.sessions {
            let token = self.tokens.issue(&session.person.address(), false, Utc::now()).expect("tokens can be signed");
            values.set(&session.name, json!(token));
        }
        values
    }

    /// Sends requests one after the other until a response differs from the model's. The error lists the requests as commands, and the
    /// difference.
    pub async fn run(&self, requests: &[Request]) -> Result<(), String> {
        let (mut model, mut values) = (Model::default(), self.reset().await);
        let mut commands = String::new();
        for request in requests {
            let (sent, expected) = model.respond(request);
            writeln!(commands, "{}", command(&sent, &expected, &values)).expect("writing to a String cannot fail");
            let response = self.send(sent.build(&values)).await;
            judge(&response, &sent, &expected, &mut values)
                .map_err(|difference| format!("{commands}# {difference}\n"))?;
        }
        Ok(())
    }

    async fn send(&self, request: http::Request<Bytes>) -> Response<Bytes> {
        let response = match self.fault {
            None => self.transport.send(request).await,
            Some(fault) => fault.send(request, &self.transport, &self.database).await,
        };
        let response = response.expect("the API answers");
        secrets::look_at_answer(response.status().as_u16(), response.body());
        response
    }
}

/// Compares a response with the expected ones; the error describes the difference.
fn judge(response: &Response<Bytes>, sent: &Sent, expected: &Expected, values: &mut Values) -> Result<(), String> {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let Some((last, others)) = expected.any_of.split_last() else { return Ok(()) };
    let is_one_of_others = others.iter().any(|answer| compare(answer, status, &body, values).is_ok());
    if !is_one_of_others {
        compare(last, status, &body, values)?;
    }
    let authorization = response.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let presented = sent.build(values).headers().get(header::AUTHORIZATION).cloned();
    let is_right = match &expected.token {
        Token::Any => true,
        Token::None => token.is_none(),
        Token::Presented => {
            matches!(status, 401 | 403) || authorization == presented.as_ref().and_then(|value| value.to_str().ok())
        }
        Token::New(name) => {
            values.set(name, json!(token));
            token.is_some()
        }
    };
    if is_right { Ok(()) } else { Err(format!("the response's token is wrong, expected: {:?}", expected.token)) }
}

fn compare(answer: &Answer, status: u16, body: &Value, values: &mut Values) -> Result<(), String> {
    if answer.status != status {
        return Err(format!("{status} {body} where the model has {} {}", answer.status, answer.body));
    }
    values.compare(&answer.body, body, "")
}

/// Returns the shell command for a request. It assigns new values of the response to variables.
fn command(sent: &Sent, expected: &Expected, values: &Values) -> String {
    let curl = sent.curl();
    if let Token::New(name) = &expected.token {
        let token = "grep -i '^authorization:' | cut -d' ' -f3 | tr -d '\\r'";
        return format!("{name}=$({} | {token})", curl.replacen("curl -s ", "curl -si ", 1));
    }
    let [answer] = expected.any_of.as_slice() else { return curl };
    let names = expected::names(&answer.body, "");
    let new: Vec<_> = names.into_iter().filter(|(name, _)| !values.has(name)).collect();
    match new.as_slice() {
        [] => curl,
        new => {
            let read = new.iter().map(|(name, place)| format!("; {name}=$(jq -r '{place}' <<<\"$ANSWER\")"));
            format!("ANSWER=$({curl}){}", read.collect::<String>())
        }
    }
}
