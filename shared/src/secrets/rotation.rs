//! Keeps the secrets of a running process as new as those in SSM.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use super::SecretsError;
use super::lookout::Lookout;
use super::source::{Fetched, Source};
use super::versions::RotatingSecret;
use crate::config::Config;
use crate::db::Address;
use crate::time::now;

/// SSM answers in some milliseconds; a request must not wait longer for it than the frontend waits for the request.
const PATIENCE: Duration = Duration::from_millis(1500);
/// While SSM is away, it is asked this often.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// Between two calls for the current versions. Forty calls a second are what an account has by default.
const PAUSE_BETWEEN_REFRESHES: Duration = Duration::from_millis(500);
/// Between two calls for the history of a secret: whoever presents something unknown waits for their turn.
const PAUSE_BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// Of those who present something unknown. They hold a place for the database meanwhile, of which a connection has 32, and there
/// are three secrets: whoever sends garbage must not take all places.
const MOST_WAITING: usize = 8;

/// The link of a process to SSM. Cloning is cheap; without parameters there is none, and nothing here does anything.
#[derive(Clone, Debug, Default)]
pub struct Rotation(Option<Arc<Link>>);

#[derive(Debug)]
struct Link {
    source: Source,
    /// Values older than this are fetched anew; twice as old, they are not used any more unless SSM is away.
    refresh_after: Duration,
    secrets: Vec<(Arc<RotatingSecret>, Lookout<SecretsError>)>,
    address: Address,
    database_url: ArcSwap<SecretString>,
    refreshes: Lookout<SecretsError>,
    /// Unix milliseconds, of a clock that goes on while a function's environment is frozen.
    fetched_at: AtomicI64,
    attempted_at: AtomicI64,
    is_failing: AtomicBool,
}

impl Rotation {
    /// Keeps `secrets` and the password of `address` as new as those in `source`, from which `config` was read just now.
    pub(crate) fn new(
        source: Source,
        config: &Config,
        fetched: &Fetched,
        secrets: impl IntoIterator<Item = Arc<RotatingSecret>>,
        address: Address,
    ) -> Self {
        let started = AtomicI64::new(now().timestamp_millis());
        let secrets = secrets.into_iter().map(|secret| (secret, Lookout::new(PAUSE_BETWEEN_LOOKS, MOST_WAITING)));
        let link = Link {
            source,
            refresh_after: config.secrets_refresh,
            secrets: secrets.collect(),
            address,
            database_url: ArcSwap::from_pointee(config.database_url.clone()),
            refreshes: Lookout::new(PAUSE_BETWEEN_REFRESHES, Semaphore::MAX_PERMITS),
            attempted_at: AtomicI64::new(started.load(Ordering::Relaxed)),
            fetched_at: started,
            is_failing: AtomicBool::new(false),
        };
        link.apply(config, fetched);
        Self(Some(Arc::new(link)))
    }

    /// Fetches every secret now, and takes over what is new. On failure all stays as it is.
    ///
    /// Returns whether there is anything to fetch from.
    pub async fn refresh(&self) -> bool {
        let Some(link) = &self.0 else { return false };
        link.refresh().await;
        true
    }

    /// Does `work`, and fetches the secrets meanwhile when that is due, as a function does that is frozen in between:
    /// nothing runs in its background. Values that are too old are replaced before.
    pub async fn freshen<T>(&self, work: impl Future<Output = T>) -> T {
        let Some(link) = self.0.as_ref().filter(|link| link.is_due()) else { return work.await };
        if link.is_overdue() {
            link.refresh().await;
            return work.await;
        }
        tokio::join!(work, link.refresh()).0
    }

    /// Fetches the secrets again and again, as a server does in the background. Never returns if there are any.
    pub async fn keep_fresh(self) {
        let Some(link) = self.0 else { return };
        loop {
            tokio::time::sleep(link.refresh_after).await;
            link.refresh().await;
        }
    }

    /// Learns every version of `secret` that SSM has, for somebody who presents one that this process has not seen.
    ///
    /// Returns whether there was anything to learn from.
    pub async fn look_up(&self, secret: &RotatingSecret) -> Result<bool, SecretsError> {
        let Some(link) = self.0.as_ref().filter(|link| link.source.has(secret.variable)) else { return Ok(false) };
        let Some((secret, looks)) = link.secrets.iter().find(|(known, _)| known.variable == secret.variable) else {
            return Ok(false);
        };
        let look = async {
            let versions = in_time(Box::pin(link.source.history(secret.variable))).await?;
            secret.learn(versions);
            Ok(())
        };
        match looks.look(look).await.unwrap_or(Err(SecretsError::Crowded)) {
            Ok(()) => Ok(true),
            Err(error @ (SecretsError::Away(_) | SecretsError::Crowded)) => Err(error),
            Err(error) => {
                tracing::error!(secret = secret.variable, %error, "the versions of a secret cannot be read");
                Ok(false)
            }
        }
    }
}

impl Link {
    fn is_due(&self) -> bool {
        let pause = if self.is_failing.load(Ordering::Relaxed) { PAUSE_AFTER_FAILURE } else { self.refresh_after };
        age(&self.attempted_at) >= pause
    }

    fn is_overdue(&self) -> bool {
        !self.is_failing.load(Ordering::Relaxed) && age(&self.fetched_at) >= 2 * self.refresh_after
    }

    async fn refresh(&self) {
        // a failure is logged where it happens, once, and not by everybody who waited
        let _ = self.refreshes.look(self.fetch_and_apply()).await;
    }

    async fn fetch_and_apply(&self) -> Result<(), SecretsError> {
        self.attempted_at.store(now().timestamp_millis(), Ordering::Relaxed);
        let outcome = in_time(Box::pin(self.source.fetch())).await.and_then(|fetched| {
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
                tracing::error!(%error, "secrets cannot be read; those that are known stay in use");
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
                    "the current version of JWT_SECRET_KEY is revoked: no token is accepted before there is a newer one"
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
            tracing::error!("the database's address is unusable; the one that is known stays in use");
        }
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, SecretsError>>) -> Result<T, SecretsError> {
    let away = || SecretsError::Away(format!("no answer within {} ms", PATIENCE.as_millis()));
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(away()))
}

/// A clock that was set back makes values old, not young.
fn age(milliseconds: &AtomicI64) -> Duration {
    let age = now().timestamp_millis() - milliseconds.load(Ordering::Relaxed);
    u64::try_from(age).map_or(Duration::MAX, Duration::from_millis)
}
