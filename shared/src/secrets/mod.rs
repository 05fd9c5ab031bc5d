//! Secrets in SSM Parameter Store: `<NAME>_PARAMETER` names a parameter, whose value becomes `<NAME>`.
//!
//! They are read in one call at the start. `aws ssm put-parameter --overwrite` rotates a secret: running processes use
//! the new value within a minute ([`Rotation`]), and accept the previous version for a while ([`RotatingSecret`]).

mod error;
mod parameters;
mod rotation;
mod single_flight;
mod source;
mod store;
mod versions;

pub use error::SecretsError;
pub use parameters::SECRETS;
pub use rotation::Rotation;
pub(crate) use source::Source;
pub use versions::{RotatingSecret, Version};

use crate::config::Environment;

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
