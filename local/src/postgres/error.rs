use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why PostgreSQL is not available.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable PostgreSQL was found.
    #[error("{}", explain(*.needed, .tried))]
    NotFound {
        /// Major version that existing data require.
        needed: Option<u32>,
        /// Every place that was tried, in order.
        tried: Vec<Attempt>,
    },
    /// PostgreSQL refuses to run as root, and no other suitable account exists.
    #[error("running as root, and neither a `postgres` nor a `nobody` account exists that PostgreSQL could run under")]
    NoAccount,
    /// The directory belongs to another user; we do not change it.
    #[error("{} belongs to uid {owner}: remove it, or run as that user", .path.display())]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// User id of its owner.
        owner: u32,
    },
    /// `initdb` did not create a cluster.
    #[error("initdb failed: {0}")]
    Initdb(String),
    /// The server exited while starting, or did not become ready.
    #[error("PostgreSQL does not start: {reason}\n{log}")]
    Start {
        /// What was observed.
        reason: String,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not stop.
    #[error("PostgreSQL in {} does not stop", .0.display())]
    Stop(PathBuf),
    /// A file operation failed.
    #[error("{what}: {source}")]
    Io {
        /// The operation, with the path.
        what: String,
        /// Error of the file system.
        source: io::Error,
    },
}

/// A place without a usable PostgreSQL, and the reason.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// A directory or a download source.
    pub place: String,
    /// What was wrong with it.
    pub reason: String,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Returns a function for `map_err` that adds the operation and the path.
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
