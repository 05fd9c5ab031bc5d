use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no PostgreSQL to work with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No place had a PostgreSQL that could be used.
    #[error("{}", explain(*.needed, .tried))]
    NotFound {
        /// The major version that existing data are bound to.
        needed: Option<u32>,
        /// Every place that was looked at, in this order.
        tried: Vec<Attempt>,
    },
    /// PostgreSQL refuses to run as root, and there is no account to run it under.
    #[error("running as root, and neither a `postgres` nor a `nobody` account exists that PostgreSQL could run under")]
    NoAccount,
    /// Data that somebody else owns are left alone.
    #[error("{} belongs to uid {owner}: remove it, or run as that user", .path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// `initdb` could not make a cluster.
    #[error("initdb failed: {0}")]
    Initdb(String),
    /// The server ended while it was starting, or was never ready.
    #[error("PostgreSQL does not start: {reason}\n{log}")]
    Start {
        /// What was seen from outside.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not end when it was told to.
    #[error("PostgreSQL in {} does not stop", .0.display())]
    Stop(PathBuf),
    /// The file system said no.
    #[error("{what}: {source}")]
    Io {
        /// What was attempted, with the path.
        what: String,
        /// The answer.
        source: io::Error,
    },
}

/// A place that had no PostgreSQL for us, and why.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// A directory or a source of downloads.
    pub place: String,
    /// What was wrong with it.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// For `map_err`: an error of the file system with what was attempted.
pub(super) fn io(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let what = format!("{verb} {}", path.display());
    move |source| Error::Io { what, source }
}

fn explain(needed: Option<u32>, tried: &[Attempt]) -> String {
    let (which, package) = match needed {
        Some(major) => (format!("PostgreSQL {major}, which the existing data need,"), format!("postgresql-{major}")),
        None => ("a PostgreSQL of version 14 or newer".to_owned(), "postgresql".to_owned()),
    };
    let formula = needed.unwrap_or(17);
    let tried: Vec<String> = tried.iter().map(Attempt::to_string).collect();
    format!(
        "{which} was not found. Install one\n  \
         Debian, Ubuntu: apt-get install {package}\n  \
         macOS: brew install postgresql@{formula}\n\
         or name a database in DATABASE_URL (for tests TEST_DATABASE_URL), \
         or the directory of initdb in LOCAL_POSTGRES_BIN.\n\
         Tried:\n  {}",
        tried.join("\n  ")
    )
}
