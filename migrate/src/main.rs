//! The migration function: `{"action": "status" | "plan" | "up" | "down" | "adopt", "target": …}`; a scheduled event means `up`.
//! Answers a [`migrate::Report`]; a failure is an invocation error that says why, so that Lambda counts it.

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use migrate::{Report, Request, Runner};
use secrecy::ExposeSecret;
use serde_json::Value;
use shared::{config, secrets, telemetry};
use sqlx::postgres::PgConnectOptions;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    telemetry::start();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        run(event.payload).await.map_err(|error| diagnostic(&*error))
    }))
    .await
}

/// Secrets are read anew each time: a run is rare, and the password may have changed since the last one.
async fn run(event: Value) -> Result<Report, Failure> {
    let request = Request::from_event(event)?;
    let mut environment = std::env::vars().collect();
    secrets::resolve(&mut environment).await?;
    let options: PgConnectOptions = config::database_url(&environment)?.expose_secret().parse()?;
    Ok(Runner::new(&options).run(&request).await?)
}

/// The runtime logs it, too.
fn diagnostic(error: &(dyn std::error::Error + Send + Sync)) -> Diagnostic {
    Diagnostic { error_type: "MigrationError".to_owned(), error_message: error.to_string() }
}
