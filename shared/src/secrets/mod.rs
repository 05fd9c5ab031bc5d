//! Secrets that live in SSM Parameter Store: `<NAME>_PARAMETER` names the parameter, its value becomes `<NAME>`.
//!
//! They are read in one call at the start. `aws ssm put-parameter --overwrite` is how one is rotated: a running process
//! sees the new value within a minute ([`Rotation`]), and accepts the version before for a while ([`RotatingSecret`]).

mod lookout;
mod parameters;
mod rotation;
mod source;
mod store;
mod versions;

pub use parameters::SECRETS;
pub use rotation::Rotation;
pub(crate) use source::Source;
pub use versions::{RotatingSecret, Version};

use crate::ApiError;
use crate::config::{ConfigError, Environment};

/// Why the secrets could not be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretsError {
    /// SSM did not answer, or has too many requests.
    #[error("SSM is away: {0}")]
    Away(String),
    /// SSM answered, and said no.
    #[error("SSM parameters could not be read: {0}")]
    Refused(String),
    /// SSM does not know these names.
    #[error("SSM has no parameter {}", .0.join(", "))]
    Missing(Vec<String>),
    /// Too many wait for SSM, each with something unknown.
    #[error("too many wait for SSM")]
    Crowded,
    /// The values make no configuration.
    #[error(transparent)]
    Unusable(#[from] ConfigError),
}

/// Whether a token or key is right cannot be known now: 401 would have the frontend drop a token that may be good.
impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        Self::Overloaded(match error {
            SecretsError::Crowded => "too many wait to know whether an unknown token or key is right",
            _ => "SSM is away, which knows whether an unknown token or key is right",
        })
    }
}

/// Replaces every `<NAME>_PARAMETER` by `<NAME>` with the parameter's decrypted value, in one call to SSM.
/// Without such a variable no AWS client is made.
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
    async fn calls_nobody_without_a_parameter() {
        let mut environment = Environment::from([("JWT_SECRET_KEY".to_owned(), "value".to_owned())]);

        resolve(&mut environment).await.unwrap();

        assert_eq!(environment["JWT_SECRET_KEY"], "value");
    }
}
