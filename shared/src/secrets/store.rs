//! The part of SSM Parameter Store that secrets need.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_ssm::config::retry::RetryPartition;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::RequestId;
use aws_sdk_ssm::primitives::DateTime as SdkDateTime;
use aws_sdk_ssm::types::Parameter;
use chrono::{DateTime, Utc};

use super::SecretsError;
use super::parameters::{OPTIONAL, Parameters};
use super::versions::Version;
use crate::aws;

/// The time limit of a call including retries. Lambda gives a function ten seconds to start.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// More attempts than fit into [`CALL_TIMEOUT`], so that the timeout ends the retries.
const MAX_ATTEMPTS: u32 = 20;

/// A client that reads parameters with decryption.
#[derive(Clone, Debug)]
pub(super) struct ParameterStore(aws_sdk_ssm::Client);

impl ParameterStore {
    /// Creates the client without calling AWS.
    pub async fn new() -> Self {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).load().await;
        Self::with(&config, RetryPartition::new("secrets"))
    }

    /// Creates a client that retries until [`CALL_TIMEOUT`]. An account has 40 calls a second by default, and all
    /// functions of a stack may start within one second. The SDK's default of two retries would leave many of them
    /// without secrets.
    fn with(config: &SdkConfig, partition: RetryPartition) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(CALL_TIMEOUT).build();
        let retries = RetryConfig::standard()
            .with_max_attempts(MAX_ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_millis(800));
        let config = aws_sdk_ssm::config::Builder::from(config)
            .timeout_config(timeouts)
            .retry_config(retries)
            .retry_partition(partition)
            .build();
        Self(aws_sdk_ssm::Client::from_conf(config))
    }

    /// Fetches the current version of each parameter, by variable, in one call.
    pub async fn current(&self, parameters: &Parameters) -> Result<BTreeMap<&'static str, Version>, SecretsError> {
        // two variables may share a parameter, but SSM refuses duplicate names
        let names: BTreeSet<String> = parameters.values().cloned().collect();
        let request = self.0.get_parameters().set_names(Some(names.into_iter().collect())).with_decryption(true);
        let found = request.send().await.map_err(|error| refusal(&error))?;
        let find = |name: &String| found.parameters().iter().find(|one| is_called(one, name));
        let (found, missing): (Vec<_>, Vec<_>) =
            parameters.iter().map(|(variable, name)| (*variable, name, find(name))).partition(|one| one.2.is_some());
        let missing: Vec<String> =
            missing.into_iter().filter(|one| one.0 != OPTIONAL).map(|one| one.1.clone()).collect();
        if !missing.is_empty() {
            return Err(SecretsError::Missing(missing));
        }
        let versions = found.into_iter().filter_map(|(variable, _, parameter)| {
            let parameter = parameter?;
            Some((variable, version(parameter.version(), parameter.value()?, parameter.last_modified_date())))
        });
        Ok(versions.collect())
    }

    /// Fetches every version that SSM still has: at most the last hundred.
    pub async fn history(&self, parameter: &str) -> Result<Vec<Version>, SecretsError> {
        let request = self.0.get_parameter_history().name(parameter).with_decryption(true);
        let mut pages = request.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| refusal(&error))?;
            let entries = page.parameters().iter();
            versions.extend(
                entries.filter_map(|entry| Some(version(entry.version(), entry.value()?, entry.last_modified_date()))),
            );
        }
        Ok(versions)
    }
}

/// Returns whether `name` refers to `parameter`: by name, by ARN, or as a reference to Secrets Manager.
fn is_called(parameter: &Parameter, name: &str) -> bool {
    let referenced = name.strip_prefix("/aws/reference/secretsmanager/");
    parameter.arn() == Some(name) || parameter.name().is_some_and(|it| it == name || Some(it) == referenced)
}

fn version(number: i64, value: &str, since: Option<&SdkDateTime>) -> Version {
    let since = since.and_then(|since| since.to_millis().ok()).and_then(DateTime::<Utc>::from_timestamp_millis);
    // secrets of Secrets Manager have version 0 when read through SSM
    Version { number: (number > 0).then_some(number), value: value.into(), since: since.unwrap_or_default() }
}

fn refusal<E, R>(error: &SdkError<E, R>) -> SecretsError
where
    SdkError<E, R>: std::error::Error + ProvideErrorMetadata + RequestId + 'static,
{
    let is_throttled = error.code().is_some_and(|code| code.contains("Throttl"));
    let is_answer = matches!(error, SdkError::ServiceError(_)) && !is_throttled;
    if is_answer {
        SecretsError::Refused(aws::describe(error))
    } else {
        SecretsError::Unavailable(aws::describe(error))
    }
}

#[cfg(test)]
pub(super) mod tests;
