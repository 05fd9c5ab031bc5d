use std::sync::{Arc, Mutex};
use std::time::Instant;

use aws_sdk_ssm::config::{
    AsyncSleep, BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents, SharedAsyncSleep,
    SharedCredentialsProvider, Sleep,
};
use aws_sdk_ssm::error::ErrorMetadata;
use aws_sdk_ssm::operation::get_parameters::GetParametersError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use futures_util::future::join_all;

use super::*;

/// The sum of all functions' reserved concurrency on db.t4g.medium (`ConnectionBudget` in template.yaml).
const FUNCTIONS: usize = 146;
/// Calls per second: AWS General Reference, "Systems Manager endpoints and quotas".
const QUOTA: f64 = 40.0;

/// The time of this test is slower than real time, so that the work of a slow machine takes little of it.
const SLOWER: u32 = 2;

/// A Parameter Store that answers `QUOTA` calls per second and throttles the others as AWS does.
#[derive(Clone, Debug)]
struct Throttling(Arc<Mutex<Tokens>>);

#[derive(Debug)]
struct Tokens {
    left: f64,
    since: Instant,
}

impl Tokens {
    fn take(&mut self) -> bool {
        let elapsed = self.since.elapsed() / SLOWER;
        self.left = (self.left + QUOTA * elapsed.as_secs_f64()).min(QUOTA);
        self.since = Instant::now();
        let is_available = self.left >= 1.0;
        self.left -= if is_available { 1.0 } else { 0.0 };
        is_available
    }
}

impl HttpClient for Throttling {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Throttling {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = if self.0.lock().unwrap().take() {
            (200, r#"{"Parameters": [{"Name": "/jwt", "Value": "key", "Version": 1}], "InvalidParameters": []}"#)
        } else {
            (400, r#"{"__type": "ThrottlingException", "message": "Rate exceeded"}"#)
        };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(StatusCode::try_from(status).unwrap(), body.into())))
    }
}

#[derive(Debug)]
struct Tokio;

impl AsyncSleep for Tokio {
    fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(SLOWER * duration))
    }
}

/// Returns the client of a function, which as a separate process has a retry budget of its own.
fn function(parameter_store: &Throttling, number: usize) -> ParameterStore {
    client(parameter_store.clone(), format!("function {number}"))
}

/// Returns a client that calls `parameter_store`, with the retry budget of `process`.
pub(in crate::secrets) fn client(parameter_store: impl HttpClient + 'static, process: String) -> ParameterStore {
    let credentials = Credentials::new("invented", "invented", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(parameter_store)
        .sleep_impl(SharedAsyncSleep::new(Tokio))
        .build();
    ParameterStore::with(&config, RetryPartition::new(process))
}

#[tokio::test]
async fn all_functions_of_a_stack_that_start_at_once_get_their_secrets() {
    let parameter_store = Throttling(Arc::new(Mutex::new(Tokens { left: QUOTA, since: Instant::now() })));
    let parameters = Parameters::from([("JWT_SECRET_KEY", "/jwt".to_owned())]);
    let functions: Vec<_> = (0..FUNCTIONS).map(|number| function(&parameter_store, number)).collect();

    let answers = join_all(functions.iter().map(|store| store.current(&parameters))).await;

    let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(refused.is_empty(), "{} of {FUNCTIONS}: {}", refused.len(), refused[0]);
}

#[test]
fn only_an_answer_other_than_throttling_is_a_refusal() {
    let answer = |code: &str| {
        let error = GetParametersError::generic(ErrorMetadata::builder().code(code).build());
        let response = HttpResponse::new(StatusCode::try_from(400).unwrap(), "".into());
        refusal(&SdkError::service_error(error, response))
    };
    let is_refused = |error| matches!(error, SecretsError::Refused(_));

    assert!(is_refused(answer("AccessDeniedException")));
    assert!(!is_refused(answer("ThrottlingException")));
    assert!(!is_refused(refusal(&SdkError::<GetParametersError, HttpResponse>::timeout_error("slow"))));
}

#[test]
fn a_secret_of_secrets_manager_has_no_version() {
    assert_eq!(version(0, "value", None).number, None);
    assert_eq!(version(1, "value", None).number, Some(1));
}
