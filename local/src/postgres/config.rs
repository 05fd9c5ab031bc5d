use std::path::PathBuf;
use std::time::Duration;

use super::search::Search;

/// A cluster and its settings.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) directory: PathBuf,
    pub(super) durable: bool,
    pub(super) linger: Duration,
    pub(super) search: Search,
    pub(super) settings: Vec<String>,
}

impl Config {
    /// Creates settings for data to keep: a commit returns after they are written to disk.
    pub fn dev(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            durable: true,
            linger: Duration::from_secs(2),
            search: Search::from_env(),
            settings: Vec::new(),
        }
    }

    /// Creates settings for disposable data: writes are fast, broken data are recreated, and the server runs five
    /// minutes longer so that a failed test can be examined.
    pub fn test(directory: impl Into<PathBuf>) -> Self {
        Self { durable: false, linger: Duration::from_mins(5), ..Self::dev(directory) }
    }

    /// Sets how long the server runs after its last user has ended, in whole seconds, at least one.
    #[must_use]
    pub fn linger(self, linger: Duration) -> Self {
        Self { linger, ..self }
    }

    /// Adds settings of PostgreSQL, which override those of this crate. A server that is already running keeps its own.
    #[must_use]
    pub fn settings(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings.extend(settings.iter().map(|(name, value)| format!("{name}={value}")));
        self
    }

    /// Sets where to look for PostgreSQL, instead of the environment's settings.
    #[must_use]
    pub fn search(self, search: Search) -> Self {
        Self { search, ..self }
    }
}
