use crate::ApiError;
use crate::config::ConfigError;

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
