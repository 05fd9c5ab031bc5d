//! Secrets that live in SSM Parameter Store: `<NAME>_PARAMETER` names the parameter, its value becomes `<NAME>`.

use aws_config::timeout::TimeoutConfig;
use aws_sdk_ssm::error::DisplayErrorContext;
use std::time::Duration;

use crate::config::Environment;

/// Variables that may be given as the name of a parameter.
const SECRETS: [&str; 5] = ["DATABASE_URL", "POSTGRES_PASSWORD", "JWT_SECRET_KEY", "EXPORT_API_KEY", "ADMIN_API_KEY"];

/// Why the secrets could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// SSM refused or did not answer.
    #[error("SSM parameters could not be read: {0}")]
    Ssm(String),
    /// SSM does not know these names.
    #[error("SSM has no parameter {}", .0.join(", "))]
    Missing(Vec<String>),
}

/// Replaces every `<NAME>_PARAMETER` by `<NAME>` with the parameter's decrypted value, in one call to SSM.
/// Without such a variable no AWS client is made.
pub async fn resolve(environment: &mut Environment) -> Result<(), SecretsError> {
    let wanted: Vec<(&str, String)> = SECRETS
        .into_iter()
        .filter_map(|name| {
            Some((
                name,
                environment.get(&format!("{name}_PARAMETER")).filter(|parameter| !parameter.is_empty())?.clone(),
            ))
        })
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let found = client()
        .await
        .get_parameters()
        .set_names(Some(wanted.iter().map(|(_, parameter)| parameter.clone()).collect()))
        .with_decryption(true)
        .send()
        .await
        .map_err(|error| SecretsError::Ssm(DisplayErrorContext(error).to_string()))?;
    if !found.invalid_parameters().is_empty() {
        return Err(SecretsError::Missing(found.invalid_parameters().to_vec()));
    }
    for (name, parameter) in wanted {
        let value = found.parameters().iter().find(|one| one.name() == Some(&parameter)).and_then(|one| one.value());
        environment.insert(name.to_owned(), value.ok_or_else(|| SecretsError::Missing(vec![parameter]))?.to_owned());
    }
    Ok(())
}

async fn client() -> aws_sdk_ssm::Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_secs(5)).build();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    aws_sdk_ssm::Client::new(&config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_nobody_without_a_parameter() {
        let mut environment = Environment::from([("JWT_SECRET_KEY".to_owned(), "value".to_owned())]);

        resolve(&mut environment).await.unwrap();

        assert_eq!(environment["JWT_SECRET_KEY"], "value");
    }
}
