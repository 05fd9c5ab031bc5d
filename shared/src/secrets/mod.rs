//! Secrets in SSM Parameter Store: `<NAME>_PARAMETER` names a parameter, whose value becomes `<NAME>`.
//!
//! They are read in one call at the start. `aws ssm put-parameter --overwrite` rotates a secret: running processes use
//! the new value within a minute ([`Rotation`]), and accept the previous version for a while ([`RotatingSecret`]).

mod parameters;
mod rotation;
mod single_flight;
mod source;
mod store;
mod versions;

pub use parameters::SECRETS;
pub use rotation::Rotation;
pub(crate) use source::Source;
pub use versions::{RotatingSecret, Version};

use crate::ApiError;
use crate::config::{ConfigError, Environment};

/// Why secrets could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretsError {
    /// SSM did not answer, or throttled the request.
    #[error("SSM is unavailable: {0}")]
    Unavailable(String),
    /// SSM refused the request.
    #[error("SSM parameters could not be read: {0}")]
    Refused(String),
    /// SSM has no parameters with these names.
    #[error("SSM has no parameter {}", .0.join(", "))]
    Missing(Vec<String>),
    /// Too many requests with unknown tokens or keys are waiting for SSM.
    #[error("too many requests are waiting for SSM")]
    TooManyWaiters,
    /// The values are not a valid configuration.
    #[error(transparent)]
    Unusable(#[from] ConfigError),
}

/// A 503, because the token or key could not be checked: a 401 would make the frontend drop a token that may be valid.
impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        Self::Overloaded(match error {
            SecretsError::TooManyWaiters => "too many requests with unknown tokens or keys are waiting for SSM",
            _ => "SSM is unavailable, so an unknown token or key cannot be checked",
        })
    }
}

/// Replaces every `<NAME>_PARAMETER` by `<NAME>` with the parameter's decrypted value, in one call to SSM. Creates no
/// AWS client if there is no such variable.
pub async fn resolve(environment: &mut Environment) -> Result<(), SecretsError> {
    if let Some(source) = Source::named_by(environment).await {
        *environment = source.fetch().await?.environment;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_no_service_without_a_parameter() {
        let mut environment = Environment::from([("JWT_SECRET_KEY".to_owned(), "value".to_owned())]);

        resolve(&mut environment).await.unwrap();

        assert_eq!(environment["JWT_SECRET_KEY"], "value");
    }
}
