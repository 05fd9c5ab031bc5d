//! Where the secrets of a process come from.

use std::collections::BTreeMap;

use tracing::Instrument as _;

use super::SecretsError;
use super::parameters::{self, Parameters};
use super::store::ParameterStore;
use super::versions::Version;
use crate::config::Environment;
use crate::telemetry::waiting_for;

/// The parameters that an environment names, and the store that has them.
#[derive(Debug)]
pub(crate) struct Source {
    environment: Environment,
    parameters: Parameters,
    store: ParameterStore,
}

/// Secrets as they are now.
pub(crate) struct Fetched {
    /// The environment of the process, with secrets as values.
    pub environment: Environment,
    /// The versions of these values, by variable.
    pub versions: BTreeMap<&'static str, Version>,
}

impl Source {
    /// None where every secret is a value already; then no AWS client is made.
    pub async fn named_by(environment: &Environment) -> Option<Self> {
        let parameters = parameters::named_by(environment);
        if parameters.is_empty() {
            return None;
        }
        Some(Self { environment: environment.clone(), parameters, store: ParameterStore::new().await })
    }

    /// Every secret, in one call.
    pub async fn fetch(&self) -> Result<Fetched, SecretsError> {
        let versions = self.store.current(&self.parameters).instrument(waiting_for!("SSM")).await?;
        let mut environment = self.environment.clone();
        parameters::insert(&mut environment, &versions);
        Ok(Fetched { environment, versions })
    }

    /// Every version of the secret in `variable`, in one call; none if it is no parameter.
    pub async fn history(&self, variable: &str) -> Result<Vec<Version>, SecretsError> {
        match self.parameters.get(variable) {
            Some(parameter) => self.store.history(parameter).instrument(waiting_for!("SSM")).await,
            None => Ok(Vec::new()),
        }
    }

    /// Whether the secret in `variable` is a parameter.
    pub fn has(&self, variable: &str) -> bool {
        self.parameters.contains_key(variable)
    }
}
