//! The API without a database, or with one. No response may be a fault.

use axum::Router;
use axum::body::Body;
use futures_util::future::try_join_all;
use http::Request;
use http_body_util::BodyExt as _;
use lambda_runtime::{Context, LambdaEvent};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::db::Deployment;
use shared::http::Deadline;
use shared::{App, Config};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::db::TestDb;
use crate::{app, secrets};

/// A connection to a socket that does not exist fails immediately.
const NO_DATABASE: &str = "postgresql://nobody@localhost/nothing?host=/nowhere";

/// The routers of the container.
pub struct Service {
    router: Router,
    app: App,
    /// With the data of the contract.
    database: Option<TestDb>,
    runtime: Runtime,
}

impl Service {
    /// Starts it without a database: a request that passes all checks before the first row is answered with 503.
    pub fn without_data() -> Self {
        Self::over(None, NO_DATABASE)
    }

    /// Starts it over a database with the contract's data, so that a 503 is a fault.
    pub fn with_data() -> Self {
        let database = runtime().block_on(TestDb::with_contract_data());
        let url = database.url();
        Self::over(Some(database), &url)
    }

    fn over(database: Option<TestDb>, url: &str) -> Self {
        secrets::watch();
        let runtime = runtime();
        let (router, app) = runtime.block_on(async {
            let config = Config::from_environment(&app::environment(url)).expect("a configuration of tests");
            let app = App::new(&config, Deployment::Lambda { max_concurrency: 1 }).expect("keys from the environment");
            (server::service(app.clone(), &config), app)
        });
        Self { router, app, database, runtime }
    }

    /// Issues a participant's token.
    pub fn token(&self) -> String {
        self.app.tokens.issue("alice@contract.test", false, chrono::Utc::now()).expect("a key of tests")
    }

    /// Returns whether the database accepts this text.
    pub fn store(&self, statement: &str, text: &str) -> bool {
        self.runtime.block_on(sqlx::query(statement).bind(text).execute(&self.app.db)).is_ok()
    }

    /// Returns the status of a response that is no fault.
    pub fn put(&self, request: Request<Vec<u8>>) -> Result<u16, TestCaseError> {
        self.runtime.block_on(self.answer(request))
    }

    /// Sends all requests at once, and fails if one of the responses is a fault.
    pub fn put_at_once(&self, requests: impl Iterator<Item = Request<Vec<u8>>>) -> TestCaseResult {
        let answers = requests.map(|request| self.answer(request));
        self.runtime.block_on(try_join_all(answers)).map(drop)
    }

    async fn answer(&self, request: Request<Vec<u8>>) -> Result<u16, TestCaseError> {
        let sent = format!("{} {}", request.uri(), String::from_utf8_lossy(request.body()));
        let Ok(response) = self.router.clone().oneshot(request.map(Body::from)).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(status != 503 || self.database.is_none(), "a 503 although there is a database");
        no_fault(status, &body.to_bytes(), &sent)?;
        Ok(status)
    }

    /// Invokes the function with an event. The answer has to be one that the load balancer accepts, and no fault.
    pub fn invoke(&self, event: Box<RawValue>) -> TestCaseResult {
        let sent = event.get().to_owned();
        let event = LambdaEvent::new(event, Context::default());
        let answer = self.runtime.block_on(shared::lambda::answer(self.router.clone(), event, Deadline::from_now()));
        prop_assert!(answer.get().len() <= 1_000_000);
        let answer: Value =
            serde_json::from_str(answer.get()).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let status = answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        let (Some(status), Some(body)) = (status, answer["body"].as_str()) else {
            return Err(TestCaseError::fail(format!("not an answer: {answer}")));
        };
        prop_assert!((200..600).contains(&status), "{status}");
        no_fault(status, body.as_bytes(), &sent)
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime of one thread")
}

/// Fails on a fault. A 503 stands for the missing database; a business error has a text as its code. An error may name what was `sent`.
fn no_fault(status: u16, body: &[u8], sent: &str) -> TestCaseResult {
    let is_business = || serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"]["code"].is_string());
    let text = String::from_utf8_lossy(body);
    prop_assert!(status < 500 || status == 503 || is_business(), "{status}: {text}");
    let shown = secrets::internals_in(&text).filter(|shown| status >= 400 && !sent.contains(shown));
    prop_assert!(shown.is_none(), "it reveals implementation details: {text}");
    Ok(())
}
