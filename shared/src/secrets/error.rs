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
    /// The versions of a secret were read less than a second ago, and this process does not wait.
    #[error("the versions of the secret were read less than a second ago")]
    ReadJustNow,
    /// The values are not a valid configuration.
    #[error(transparent)]
    Unusable(#[from] ConfigError),
}

/// A 503, because the token or key could not be checked: a 401 would make the frontend drop a token that may be valid.
impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::TooManyWaiters => Self::TooManyRequests("unknown tokens or keys that wait for SSM"),
            SecretsError::ReadJustNow => Self::TooManyRequests("unknown tokens: one is checked in a second"),
            _ => Self::Overloaded("SSM is unavailable, so an unknown token or key cannot be checked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_unknown_tokens_is_logged_as_overload_and_not_as_a_fault() {
        let is_overload = |error| matches!(ApiError::from(error), ApiError::TooManyRequests(_));

        assert!(is_overload(SecretsError::TooManyWaiters));
        assert!(is_overload(SecretsError::ReadJustNow));
        assert!(!is_overload(SecretsError::Unavailable("timed out".to_owned())));
    }
}
