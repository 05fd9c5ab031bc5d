//! A custom resource of CloudFormation, `Custom::SchemaMigration`: the stack waits for it before it updates the functions.
//!
//! The event brings along an address to answer at. Without an answer the stack hangs for an hour, so that there is one
//! whatever happens, and in time.

use std::future::Future;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Kept back of a function's time, for the answer.
const FOR_THE_ANSWER: Duration = Duration::from_secs(20);
/// One of three attempts.
const ATTEMPT: Duration = Duration::from_secs(5);
/// CloudFormation takes answers of 4096 bytes.
const LONGEST_REASON: usize = 2500;
/// There is one schema, and it outlives the stack.
const PHYSICAL_ID: &str = "augmed-schema";

/// What CloudFormation asks (its user guide, "Custom resource request objects").
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomResource {
    request_type: RequestType,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    /// Absent in `Create`.
    #[serde(default)]
    physical_resource_id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum RequestType {
    Create,
    Update,
    Delete,
}

/// What CloudFormation wants to hear ("Custom resource response objects").
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    status: Status,
    reason: String,
    physical_resource_id: &'a str,
    stack_id: &'a str,
    request_id: &'a str,
    logical_resource_id: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failed,
}

/// The answer did not arrive. The text does not hold the address, which lets anybody answer who knows it.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation did not take the answer: {0}")]
pub struct Unanswered(String);

impl CustomResource {
    /// Reads an event; none for those of other kinds.
    pub fn from_event(event: &Value) -> Option<Self> {
        Self::deserialize(event).ok()
    }

    /// Migrates by `migrate` unless the resource is deleted, and answers before `deadline`, at which the function ends.
    ///
    /// Returns the outcome in a sentence.
    pub async fn handle<E: std::fmt::Display>(
        &self,
        deadline: SystemTime,
        migrate: impl Future<Output = Result<String, E>>,
    ) -> Result<String, Unanswered> {
        let (status, reason) = match self.request_type {
            // the data stay
            RequestType::Delete => (Status::Success, "the schema is left as it is".to_owned()),
            RequestType::Create | RequestType::Update => outcome(deadline, migrate).await,
        };
        self.put(&self.answer(status, &reason)).await?;
        Ok(reason)
    }

    fn answer(&self, status: Status, reason: &str) -> Answer<'_> {
        Answer {
            status,
            reason: shortened(reason),
            // another id would make CloudFormation delete the resource of the old one
            physical_resource_id: self.physical_resource_id.as_deref().unwrap_or(PHYSICAL_ID),
            stack_id: &self.stack_id,
            request_id: &self.request_id,
            logical_resource_id: &self.logical_resource_id,
        }
    }

    /// The address is signed for a request without a content type.
    async fn put(&self, answer: &Answer<'_>) -> Result<(), Unanswered> {
        let unanswered = |error: reqwest::Error| Unanswered(describe(&error.without_url()));
        let body = serde_json::to_string(answer).map_err(|error| Unanswered(error.to_string()))?;
        let host = url_host(&self.response_url);
        let retries = reqwest::retry::for_host(host).no_budget().max_retries_per_request(2).classify_fn(|attempt| {
            if attempt.status().is_some_and(|status| !status.is_server_error()) {
                attempt.success()
            } else {
                attempt.retryable()
            }
        });
        let client = reqwest::Client::builder().timeout(ATTEMPT * 3).connect_timeout(ATTEMPT).retry(retries).build();
        let response = client.map_err(unanswered)?.put(&self.response_url).body(body).send().await;
        response.and_then(reqwest::Response::error_for_status).map(drop).map_err(unanswered)
    }
}

async fn outcome<E: std::fmt::Display>(
    deadline: SystemTime,
    migrate: impl Future<Output = Result<String, E>>,
) -> (Status, String) {
    let time = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(FOR_THE_ANSWER);
    match tokio::time::timeout(time, migrate).await {
        Ok(Ok(message)) => (Status::Success, message),
        Ok(Err(error)) => {
            tracing::error!(%error, "migration failed");
            (Status::Failed, error.to_string())
        }
        Err(_) => {
            tracing::error!("migration did not end in time");
            let hint = "the function's log says how far it came; what is applied stays applied, and a next run goes on";
            (Status::Failed, format!("not finished after {} s: {hint}", time.as_secs()))
        }
    }
}

fn url_host(url: &str) -> String {
    reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn describe(error: &reqwest::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Cut between characters.
fn shortened(reason: &str) -> String {
    let end = reason.floor_char_boundary(LONGEST_REASON);
    if end == reason.len() {
        reason.to_owned()
    } else {
        format!("{} … (the function's log has it all)", &reason[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(request_type: &str) -> Value {
        json!({
            "RequestType": request_type,
            "ResponseURL": "http://127.0.0.1:1/answer",
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:augmed-migrate",
            "StackId": "stack",
            "RequestId": "request",
            "ResourceType": "Custom::SchemaMigration",
            "LogicalResourceId": "Migrations",
            "ResourceProperties": {"Version": "abc"},
        })
    }

    #[test]
    fn other_events_are_no_custom_resources() {
        assert!(CustomResource::from_event(&event("Create")).is_some());
        assert!(CustomResource::from_event(&json!({"action": "up"})).is_none());
        assert!(CustomResource::from_event(&json!("nightly")).is_none());
    }

    #[test]
    fn an_id_that_was_given_is_kept() {
        let mut update = event("Update");
        update["PhysicalResourceId"] = json!("older-id");
        let update = CustomResource::from_event(&update).unwrap();

        assert_eq!(update.answer(Status::Success, "").physical_resource_id, "older-id");
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let reason = shortened(&"é".repeat(2000));

        assert!(reason.starts_with("éé") && reason.len() < 2600);
        assert_eq!(shortened("short"), "short");
    }

    #[tokio::test]
    async fn a_run_that_does_not_end_is_a_failure_in_time() {
        let soon = SystemTime::now() + FOR_THE_ANSWER + Duration::from_millis(10);

        let (status, reason) = outcome(soon, std::future::pending::<Result<String, String>>()).await;

        assert_eq!(status, Status::Failed);
        assert!(reason.starts_with("not finished after"), "{reason}");
    }
}
