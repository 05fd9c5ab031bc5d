//! Refreshes the secrets of a running process from SSM.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::SecretsError;
use super::single_flight::{Refusal, SingleFlight, WhenTooSoon};
use super::source::{Fetched, Source};
use super::versions::RotatingSecret;
use crate::config::Config;
use crate::db::{Address, Deployment};
use crate::time::now;

/// SSM answers within milliseconds. A request must not wait longer than the frontend waits for it.
const SSM_TIMEOUT: Duration = Duration::from_millis(1500);
/// Time between attempts while SSM is unavailable.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// Minimum time between two fetches of the current versions. An AWS account has 40 calls a second by default.
const MIN_REFRESH_INTERVAL: Duration = Duration::from_millis(500);
/// Minimum time between two fetches of a secret's history. In a process that serves several requests at once, requests
/// with unknown keys wait until it has passed. In a process that serves one request at a time they fail instead:
/// otherwise one wrong key a second would occupy the process.
const MIN_HISTORY_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum waiters per secret. Each holds an admission slot (32 per database connection), so requests with unknown keys
/// must not fill them.
const MAX_WAITERS_PER_SECRET: usize = 8;

/// Refreshes secrets from SSM. Cheap to clone; does nothing if no secret is a parameter.
#[derive(Clone, Debug, Default)]
pub struct Rotation(Option<Arc<Refresher>>);

#[derive(Debug)]
struct Refresher {
    source: Source,
    /// Refresh when older than this. At twice this age, stop using the value unless SSM is down.
    refresh_after: Duration,
    secrets: Vec<(Arc<RotatingSecret>, SingleFlight<SecretsError>)>,
    address: Address,
    database_url: ArcSwap<SecretString>,
    refreshes: SingleFlight<SecretsError>,
    /// Whether requests with unknown keys wait for [`MIN_HISTORY_INTERVAL`].
    when_too_soon: WhenTooSoon,
    /// Unix milliseconds, by the wall clock: it advances while a function's environment is frozen.
    fetched_at: AtomicI64,
    attempted_at: AtomicI64,
    is_failing: AtomicBool,
}

impl Rotation {
    /// Refreshes `secrets` and the password of `address` from `source`, from which `config` was just read.
    pub(crate) fn new(
        source: Source,
        config: &Config,
        fetched: &Fetched,
        secrets: impl IntoIterator<Item = Arc<RotatingSecret>>,
        address: Address,
        deployment: Deployment,
    ) -> Self {
        let started = AtomicI64::new(now().timestamp_millis());
        let secrets =
            secrets.into_iter().map(|secret| (secret, SingleFlight::new(MIN_HISTORY_INTERVAL, MAX_WAITERS_PER_SECRET)));
        let refresher = Refresher {
            source,
            refresh_after: config.secrets_refresh,
            secrets: secrets.collect(),
            address,
            database_url: ArcSwap::from_pointee(config.database_url.clone()),
            refreshes: SingleFlight::new(MIN_REFRESH_INTERVAL, Semaphore::MAX_PERMITS),
            when_too_soon: match deployment {
                Deployment::Lambda { max_concurrency: 1 } => WhenTooSoon::Fail,
                Deployment::Lambda { .. } | Deployment::Container { .. } => WhenTooSoon::Wait,
            },
            attempted_at: AtomicI64::new(started.load(Ordering::Relaxed)),
            fetched_at: started,
            is_failing: AtomicBool::new(false),
        };
        refresher.apply(config, fetched);
        Self(Some(Arc::new(refresher)))
    }

    /// Fetches every secret now and applies new values. On failure nothing changes.
    ///
    /// Returns whether there is a source to fetch from.
    pub async fn refresh(&self) -> bool {
        let Some(refresher) = &self.0 else { return false };
        refresher.refresh().await;
        true
    }

    /// Runs `work`, and refreshes the secrets concurrently if due: a frozen function has no background tasks. Secrets
    /// that are too old are refreshed before `work`.
    pub async fn freshen<T>(&self, work: impl Future<Output = T>) -> T {
        let Some(refresher) = self.0.as_ref().filter(|refresher| refresher.is_due()) else { return work.await };
        if refresher.is_overdue() {
            refresher.refresh().await;
            return work.await;
        }
        tokio::join!(work, refresher.refresh()).0
    }

    /// Refreshes the secrets periodically; the server's background task. Never returns if there is a source.
    pub async fn keep_fresh(self) {
        let Some(refresher) = self.0 else { return };
        loop {
            tokio::time::sleep(refresher.refresh_after).await;
            refresher.refresh().await;
        }
    }

    /// Fetches all versions of `secret` from SSM, for a request with a version that this process does not know.
    ///
    /// Returns whether it fetched them: `false` if no source has the secret, or its versions cannot be read.
    pub async fn look_up(&self, secret: &RotatingSecret) -> Result<bool, SecretsError> {
        let Some(refresher) = self.0.as_ref().filter(|refresher| refresher.source.has(secret.variable)) else {
            return Ok(false);
        };
        let Some((secret, flight)) = refresher.secrets.iter().find(|(known, _)| known.variable == secret.variable)
        else {
            return Ok(false);
        };
        let fetch = async {
            let versions = with_timeout(Box::pin(refresher.source.history(secret.variable))).await?;
            secret.set_history(versions);
            Ok(())
        };
        match flight.run(fetch, refresher.when_too_soon).await {
            Err(Refusal::TooManyWaiters) => Err(SecretsError::TooManyWaiters),
            Err(Refusal::TooSoon) => Err(SecretsError::ReadJustNow),
            Ok(Ok(())) => Ok(true),
            Ok(Err(error @ SecretsError::Unavailable(_))) => Err(error),
            Ok(Err(error)) => {
                tracing::error!(secret = secret.variable, %error, "cannot read the versions of a secret");
                Ok(false)
            }
        }
    }
}

impl Refresher {
    fn is_due(&self) -> bool {
        let interval = if self.is_failing.load(Ordering::Relaxed) { RETRY_INTERVAL } else { self.refresh_after };
        age(&self.attempted_at) >= interval
    }

    fn is_overdue(&self) -> bool {
        !self.is_failing.load(Ordering::Relaxed) && age(&self.fetched_at) >= 2 * self.refresh_after
    }

    async fn refresh(&self) {
        // `fetch_and_apply` logs a failure once, not for every waiter
        let _ = self.refreshes.run(self.fetch_and_apply(), WhenTooSoon::Wait).await;
    }

    async fn fetch_and_apply(&self) -> Result<(), SecretsError> {
        self.attempted_at.store(now().timestamp_millis(), Ordering::Relaxed);
        let outcome = with_timeout(Box::pin(self.source.fetch())).await.and_then(|fetched| {
            let config = Config::from_environment(&fetched.environment)?;
            self.apply(&config, &fetched);
            Ok(())
        });
        match &outcome {
            Ok(()) => {
                self.fetched_at.store(now().timestamp_millis(), Ordering::Relaxed);
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    tracing::info!("secrets can be read again");
                }
            }
            Err(error) if !self.is_failing.swap(true, Ordering::Relaxed) => {
                tracing::error!(%error, "secrets cannot be read; keeping the current ones");
            }
            Err(_) => {}
        }
        outcome
    }

    fn apply(&self, config: &Config, fetched: &Fetched) {
        for (secret, _) in &self.secrets {
            let Some(version) = fetched.versions.get(secret.variable) else { continue };
            if secret.observe(version, now()) {
                tracing::info!(secret = secret.variable, version = version.number, "secret in use");
            }
        }
        for (secret, _) in self.secrets.iter().filter(|(secret, _)| secret.variable == "JWT_SECRET_KEY") {
            let current = secret.current().number;
            if secret.revoke(&config.jwt_revoked_versions)
                && current.is_some_and(|it| config.jwt_revoked_versions.contains(&it))
            {
                tracing::error!(
                    "the current version of JWT_SECRET_KEY is revoked: all tokens are refused until there is a newer version"
                );
            }
        }
        if self.database_url.load().expose_secret() == config.database_url.expose_secret() {
            return;
        }
        if self.address.change(&config.database_url).is_ok() {
            self.database_url.store(Arc::new(config.database_url.clone()));
            tracing::info!(secret = "DATABASE_URL", "secret in use");
        } else {
            tracing::error!("the database address is invalid; keeping the current one");
        }
    }
}

async fn with_timeout<T>(call: impl Future<Output = Result<T, SecretsError>>) -> Result<T, SecretsError> {
    let timed_out = || SecretsError::Unavailable(format!("no answer within {} ms", SSM_TIMEOUT.as_millis()));
    tokio::time::timeout(SSM_TIMEOUT, call).await.unwrap_or_else(|_| Err(timed_out()))
}

/// Returns the time since `milliseconds`; if the clock was set back, the value counts as old.
fn age(milliseconds: &AtomicI64) -> Duration {
    let age = now().timestamp_millis() - milliseconds.load(Ordering::Relaxed);
    u64::try_from(age).map_or(Duration::MAX, Duration::from_millis)
}

#[cfg(test)]
mod tests;
