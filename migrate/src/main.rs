//! The migration function: `{"action": "status" | "plan" | "up" | "down" | "adopt", "target": …}` returns a
//! [`migrate::Report`]; a scheduled event means `up`. A failure is an invocation error with its reason, so that Lambda
//! counts it. CloudFormation's events are answered at the address that they contain ([`CustomResource`]).

use std::pin::Pin;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use migrate::custom_resource::CustomResource;
use migrate::{Error, Request, Runner};
use serde_json::{Value, json};
use shared::{config, secrets, telemetry};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    telemetry::start();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        erased(answer(event)).await.map_err(|error| diagnostic(&*error))
    }))
    .await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Failure> {
    if let Some(resource) = CustomResource::from_event(&event.payload) {
        // a failed migration is a successful invocation: it was answered, and Lambda must not retry it
        let deadline = event.context.deadline();
        let message = erased(async move { Ok(resource.handle(deadline, erased(prepare_release())).await?) }).await?;
        return Ok(json!({ "message": message }));
    }
    let is_scheduled = event.payload.get("action").is_none();
    let request = Request::from_event(event.payload)?;
    let report = erased(async move {
        match runner().await?.run(&request).await {
            // expected every night after a rollback of code, so not an error
            Err(newer @ Error::Newer(_)) if is_scheduled => {
                tracing::warn!("{newer}");
                Ok(json!({ "message": newer.to_string() }))
            }
            report => Ok(serde_json::to_value(report?)?),
        }
    });
    report.await
}

/// Boxes a future: the types of nested futures become too deep for the compiler.
fn erased<'a, T>(future: impl Future<Output = Result<T, Failure>> + Send + 'a) -> Work<'a, T> {
    Box::pin(future)
}

async fn prepare_release() -> Result<String, Failure> {
    Ok(runner().await?.prepare_release().await?)
}

/// Returns a runner with fresh secrets: runs are rare, and the password may have changed since the last one.
async fn runner() -> Result<Runner, Failure> {
    let mut environment = config::process_environment();
    secrets::resolve(&mut environment).await?;
    Ok(Runner::of_urls(&config::migration_urls(&environment)?)?)
}

/// Turns an error into an invocation error, which the runtime also logs.
fn diagnostic(error: &(dyn std::error::Error + Send + Sync)) -> Diagnostic {
    Diagnostic { error_type: "MigrationError".to_owned(), error_message: error.to_string() }
}
