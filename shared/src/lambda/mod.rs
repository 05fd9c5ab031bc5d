//! The interface to Lambda: the one place that uses its runtime.
//!
//! A function answers events of load balancers, function URLs, API Gateway (payload formats 1.0 and 2.0) and VPC
//! Lattice ([`event`]).

mod answer;
mod event;
mod rows_sent;

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime, service_fn};
use serde_json::value::RawValue;
use tokio::runtime::Builder;
use tower::ServiceExt;
use tower::util::MapRequestLayer;

use crate::app::App;
use crate::config;
use crate::db::Deployment;
use crate::http::{Admission, Deadline};
use crate::secrets::Rotation;
use crate::{http, telemetry};
use event::{Event, Source};

pub use rows_sent::RowsSent;

/// Serves `router` as a Lambda function until the environment is shut down.
///
/// In Lambda Managed Instances one process handles several requests concurrently, limited by `admission` as in the
/// container.
///
/// Not generic or async, because such a function would be compiled again in every binary.
pub fn run(router: fn() -> Router<App>, admission: Admission) -> ExitCode {
    let max_concurrency = max_concurrency();
    let main = Box::pin(async move {
        let deployment = Deployment::Lambda { max_concurrency };
        let (app, config) = App::start(config::process_environment(), |_| deployment).await?;
        let rotation = app.rotation.clone();
        let router = if max_concurrency > 1 { admission.limit(router(), max_concurrency) } else { router() };
        serve(http::service(router.with_state(app), &config.cors_origins), rotation).await
    });
    start(main, max_concurrency)
}

/// Serves a router that needs neither a database nor secrets.
pub fn run_stateless(router: fn() -> Router) -> ExitCode {
    let main = Box::pin(async move {
        let environment = config::process_environment();
        serve(http::service(router(), &config::cors_origins(&environment)?), Rotation::default()).await
    });
    start(main, max_concurrency())
}

/// Returns how many concurrent requests Lambda sends to this process: one, except in Lambda Managed Instances
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html>).
fn max_concurrency() -> u32 {
    let given = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok();
    given.and_then(|number| number.parse().ok()).unwrap_or(1).max(1)
}

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Main = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

fn start(main: Main, max_concurrency: u32) -> ExitCode {
    telemetry::start();
    // with one request at a time, more threads would only slow down a cold start
    let mut runtime = if max_concurrency > 1 { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(main) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!(%error, "the function cannot start");
    ExitCode::FAILURE
}

async fn serve(service: Router, rotation: Rotation) -> Result<(), Failure> {
    // the runtime passes raw JSON in and out, because parsing it into a tree would waste time
    let answer = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        // the deadline starts here, because outdated secrets are refreshed before the handler runs
        let (service, rotation, deadline) = (service.clone(), rotation.clone(), Deadline::from_now());
        async move {
            let answered = rotation.freshen(answer(service, event, deadline)).await;
            telemetry::flush(deadline.0).await;
            Ok::<_, Failure>(answered)
        }
    });
    // `lambda_runtime::run_concurrent`, with one more layer that sees the event's bytes before they are parsed
    Runtime::new(answer).layer(TracingLayer::new()).layer(MapRequestLayer::new(mark_non_utf_8)).run_concurrent().await
}

/// Marks an event that is not UTF-8. The load balancer copies headers and queries unchanged; the runtime would fail to
/// parse the event, and the load balancer would turn that into a 502.
fn mark_non_utf_8(mut invocation: LambdaInvocation) -> LambdaInvocation {
    if let Some(marked) = event::marked_if_not_utf_8(&invocation.body) {
        invocation.body = marked.into();
    }
    invocation
}

/// Answers the event with `service` before the deadline. Never fails, because a load balancer would turn an error into
/// a bare 502.
pub async fn answer(service: Router, event: LambdaEvent<Box<RawValue>>, deadline: Deadline) -> Box<RawValue> {
    let request_id = &event.context.request_id;
    let (source, request) = match Event::parse(&event.payload) {
        Ok(event) => (event.source, event.into_request(request_id)),
        // the source is unknown; it is most likely a load balancer
        Err(error) => (Source::LoadBalancer { is_multi_value: true }, Err(error)),
    };
    let response: Response = match request {
        // the service is infallible and catches panics of handlers
        Ok(mut request) => {
            request.extensions_mut().insert(deadline);
            set_trace_id(request.headers_mut(), event.context.xray_trace_id.as_deref());
            service.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
        Err(error) => {
            tracing::info!(request_id, %error, "invalid event");
            let mut response = crate::errors::bad_request(error.to_string()).into_response();
            // unknown whether the client's connection uses TLS
            http::add_security_headers(response.headers_mut(), false);
            response
        }
    };
    answer::from_response(response, source, deadline.0).await
}

/// Adds the invocation's trace id to a request without one: some sources send no such header.
fn set_trace_id(headers: &mut HeaderMap, invocation: Option<&str>) {
    if let Some(trace) = invocation.and_then(|trace| HeaderValue::from_str(trace).ok()) {
        headers.entry(http::X_AMZN_TRACE_ID).or_insert(trace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CorsOrigins;
    use axum::routing::get;
    use serde_json::{Value, json};
    use std::time::Duration;
    use tokio::time::{Instant, sleep};

    /// Returns the answer to `GET /`.
    async fn answered(service: Router, context: lambda_runtime::Context, deadline: Deadline) -> Value {
        let event = serde_json::value::to_raw_value(&json!({ "httpMethod": "GET", "path": "/" })).unwrap();
        let service = http::service(service, &CorsOrigins::Any);
        answer(service, LambdaEvent::new(event, context), deadline).await.get().parse().unwrap()
    }

    fn in_a_second() -> Deadline {
        Deadline(Instant::now() + Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_request_without_a_trace_id_gets_that_of_its_invocation() {
        const TRACE_ID: &str = "Root=1-67891233-abcdef012345678912345678";
        let echo = async |headers: HeaderMap| headers[http::X_AMZN_TRACE_ID].to_str().unwrap().to_owned();
        let mut context = lambda_runtime::Context::default();
        context.xray_trace_id = Some(TRACE_ID.to_owned());

        let answered = answered(Router::new().route("/", get(echo)), context, in_a_second()).await;

        assert_eq!(answered["body"], TRACE_ID);
    }

    #[tokio::test]
    async fn waiting_before_the_handler_counts_towards_the_deadline() {
        let service = Router::new().route("/", get(async || sleep(Duration::from_millis(900)).await));
        let deadline = in_a_second();

        // stands for a wait for SSM
        sleep(Duration::from_millis(500)).await;
        let answered = answered(service, lambda_runtime::Context::default(), deadline).await;

        assert_eq!(answered["statusCode"], 503);
    }
}
