//! SSM Parameter Store, as far as secrets need it.

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

/// A call has ended after this, with all its retries. Lambda gives a function ten seconds to start.
const MOST_PATIENCE: Duration = Duration::from_secs(5);
/// More than fit in [`MOST_PATIENCE`], so that time is the limit.
const MOST_ATTEMPTS: u32 = 20;

/// Reads parameters with decryption.
#[derive(Clone, Debug)]
pub(super) struct ParameterStore(aws_sdk_ssm::Client);

impl ParameterStore {
    /// Makes the client; calls nobody.
    pub async fn new() -> Self {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).load().await;
        Self::with(&config, RetryPartition::new("secrets"))
    }

    /// Makes a client that waits its turn. By default an account may make 40 calls a second, and all functions of a stack may start
    /// within one. The SDK's own two retries, one and two seconds apart, leave many of them without secrets.
    fn with(config: &SdkConfig, partition: RetryPartition) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(MOST_PATIENCE).build();
        let retries = RetryConfig::standard()
            .with_max_attempts(MOST_ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_millis(800));
        let config = aws_sdk_ssm::config::Builder::from(config)
            .timeout_config(timeouts)
            .retry_config(retries)
            .retry_partition(partition)
            .build();
        Self(aws_sdk_ssm::Client::from_conf(config))
    }

    /// The current version of each parameter, by variable, in one call.
    pub async fn current(&self, parameters: &Parameters) -> Result<BTreeMap<&'static str, Version>, SecretsError> {
        // two variables may share a parameter; SSM refuses a name that comes twice
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

    /// Every version that SSM still has: the last hundred.
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

/// A parameter may be asked for by its ARN, and a secret of Secrets Manager by a reference.
fn is_called(parameter: &Parameter, name: &str) -> bool {
    let referenced = name.strip_prefix("/aws/reference/secretsmanager/");
    parameter.arn() == Some(name) || parameter.name().is_some_and(|it| it == name || Some(it) == referenced)
}

fn version(number: i64, value: &str, since: Option<&SdkDateTime>) -> Version {
    let since = since.and_then(|since| since.to_millis().ok()).and_then(DateTime::<Utc>::from_timestamp_millis);
    // a secret of Secrets Manager, read through SSM, is version 0
    Version { number: (number > 0).then_some(number), value: value.into(), since: since.unwrap_or_default() }
}

fn refusal<E, R>(error: &SdkError<E, R>) -> SecretsError
where
    SdkError<E, R>: std::error::Error + ProvideErrorMetadata + RequestId + 'static,
{
    let is_throttled = error.code().is_some_and(|code| code.contains("Throttl"));
    let is_answer = matches!(error, SdkError::ServiceError(_)) && !is_throttled;
    if is_answer { SecretsError::Refused(aws::describe(error)) } else { SecretsError::Away(aws::describe(error)) }
}

#[cfg(test)]
mod tests;
