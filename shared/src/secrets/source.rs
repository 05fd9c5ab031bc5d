//! The source of a process's secrets.

use std::collections::BTreeMap;

use tracing::Instrument as _;

use super::SecretsError;
use super::parameters::{self, Parameters};
use super::store::ParameterStore;
use super::versions::Version;
use crate::config::Environment;
use crate::telemetry::waiting_for;

/// The parameters that an environment names, and their store.
#[derive(Debug)]
pub(crate) struct Source {
    pub(super) environment: Environment,
    pub(super) parameters: Parameters,
    pub(super) store: ParameterStore,
}

/// The current secrets.
pub(crate) struct Fetched {
    /// The environment of the process with secrets resolved.
    pub environment: Environment,
    /// The versions of the secrets, by variable.
    pub versions: BTreeMap<&'static str, Version>,
}

impl Source {
    /// Returns the source for `environment`; `None`, without creating an AWS client, if no secret is a parameter.
    pub async fn named_by(environment: &Environment) -> Option<Self> {
        let parameters = parameters::named_by(environment);
        if parameters.is_empty() {
            return None;
        }
        Some(Self { environment: environment.clone(), parameters, store: ParameterStore::new().await })
    }

    /// Fetches every secret in one call.
    pub async fn fetch(&self) -> Result<Fetched, SecretsError> {
        let versions = self.store.current(&self.parameters).instrument(waiting_for!("SSM")).await?;
        let mut environment = self.environment.clone();
        parameters::insert(&mut environment, &versions);
        Ok(Fetched { environment, versions })
    }

    /// Fetches every version of the secret in `variable`; returns none if it is not a parameter.
    pub async fn history(&self, variable: &str) -> Result<Vec<Version>, SecretsError> {
        match self.parameters.get(variable) {
            Some(parameter) => self.store.history(parameter).instrument(waiting_for!("SSM")).await,
            None => Ok(Vec::new()),
        }
    }

    /// Returns whether the secret in `variable` is a parameter.
    pub fn has(&self, variable: &str) -> bool {
        self.parameters.contains_key(variable)
    }
}
