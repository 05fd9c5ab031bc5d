//! A custom resource of CloudFormation, `Custom::SchemaMigration`: the stack waits for it before it updates the
//! functions.
//!
//! The event contains an address for the answer. Without an answer the stack hangs for an hour, so the function always
//! sends one before its time is up.

use std::future::Future;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The part of a function's time reserved for sending the answer.
const ANSWER_RESERVE: Duration = Duration::from_secs(20);
/// The time for one of three attempts.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// CloudFormation accepts answers of up to 4096 bytes.
const MAX_REASON_BYTES: usize = 2500;
/// The id is constant: there is one schema, and it outlives the stack.
const PHYSICAL_ID: &str = "augmed-schema";

/// A request of CloudFormation (its user guide, "Custom resource request objects").
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

/// The answer to CloudFormation ("Custom resource response objects").
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

/// The answer could not be delivered. The text does not contain the address, because anyone who knows it can answer.
#[derive(Debug, thiserror::Error)]
#[error("CloudFormation did not accept the answer: {0}")]
pub struct AnswerError(String);

impl CustomResource {
    /// Parses an event; returns `None` for other kinds of events.
    pub fn from_event(event: &Value) -> Option<Self> {
        Self::deserialize(event).ok()
    }

    /// Runs `migrate` unless the resource is deleted, and answers before `deadline`, when the function ends.
    ///
    /// Returns the outcome in a sentence.
    pub async fn handle<E: std::fmt::Display>(
        &self,
        deadline: SystemTime,
        migrate: impl Future<Output = Result<String, E>>,
    ) -> Result<String, AnswerError> {
        let (status, reason) = match self.request_type {
            // the data must survive
            RequestType::Delete => (Status::Success, "the schema is kept".to_owned()),
            RequestType::Create | RequestType::Update => outcome(deadline, migrate).await,
        };
        self.put(&self.answer(status, &reason)).await?;
        Ok(reason)
    }

    fn answer(&self, status: Status, reason: &str) -> Answer<'_> {
        Answer {
            status,
            reason: truncated(reason),
            // a different id would make CloudFormation delete the old resource
            physical_resource_id: self.physical_resource_id.as_deref().unwrap_or(PHYSICAL_ID),
            stack_id: &self.stack_id,
            request_id: &self.request_id,
            logical_resource_id: &self.logical_resource_id,
        }
    }

    /// Sends the answer without a content type, because the address is signed for requests without one.
    async fn put(&self, answer: &Answer<'_>) -> Result<(), AnswerError> {
        let failed = |error: reqwest::Error| AnswerError(describe(&error.without_url()));
        let body = serde_json::to_string(answer).map_err(|error| AnswerError(error.to_string()))?;
        let host = url_host(&self.response_url);
        let retries = reqwest::retry::for_host(host).no_budget().max_retries_per_request(2).classify_fn(|attempt| {
            if attempt.status().is_some_and(|status| !status.is_server_error()) {
                attempt.success()
            } else {
                attempt.retryable()
            }
        });
        let client = reqwest::Client::builder()
            .timeout(ATTEMPT_TIMEOUT * 3)
            .connect_timeout(ATTEMPT_TIMEOUT)
            .retry(retries)
            .build();
        let response = client.map_err(failed)?.put(&self.response_url).body(body).send().await;
        response.and_then(reqwest::Response::error_for_status).map(drop).map_err(failed)
    }
}

async fn outcome<E: std::fmt::Display>(
    deadline: SystemTime,
    migrate: impl Future<Output = Result<String, E>>,
) -> (Status, String) {
    let time = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(ANSWER_RESERVE);
    match tokio::time::timeout(time, migrate).await {
        Ok(Ok(message)) => (Status::Success, message),
        Ok(Err(error)) => {
            tracing::error!(%error, "migration failed");
            (Status::Failed, error.to_string())
        }
        Err(_) => {
            tracing::error!("the migration did not finish in time");
            let hint =
                "the function's log shows its progress; applied migrations stay applied, and the next run continues";
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

/// Truncates at a character boundary.
fn truncated(reason: &str) -> String {
    let end = reason.floor_char_boundary(MAX_REASON_BYTES);
    if end == reason.len() {
        reason.to_owned()
    } else {
        format!("{} … (truncated; see the function's log)", &reason[..end])
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
    fn ignores_other_events() {
        assert!(CustomResource::from_event(&event("Create")).is_some());
        assert!(CustomResource::from_event(&json!({"action": "up"})).is_none());
        assert!(CustomResource::from_event(&json!("nightly")).is_none());
    }

    #[test]
    fn keeps_the_physical_id() {
        let mut update = event("Update");
        update["PhysicalResourceId"] = json!("older-id");
        let update = CustomResource::from_event(&update).unwrap();

        assert_eq!(update.answer(Status::Success, "").physical_resource_id, "older-id");
    }

    #[test]
    fn truncates_a_long_reason_at_a_character_boundary() {
        let reason = truncated(&"é".repeat(2000));

        assert!(reason.starts_with("éé") && reason.len() < 2600);
        assert_eq!(truncated("short"), "short");
    }

    #[tokio::test]
    async fn a_run_that_does_not_end_is_reported_as_failed_before_the_deadline() {
        let soon = SystemTime::now() + ANSWER_RESERVE + Duration::from_millis(10);

        let (status, reason) = outcome(soon, std::future::pending::<Result<String, String>>()).await;

        assert_eq!(status, Status::Failed);
        assert!(reason.starts_with("not finished after"), "{reason}");
    }
}
