use std::cmp::Reverse;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::account::RunAs;
use super::download;
use super::error::{Attempt, Error};
use super::installation::Installation;

/// Where package managers install PostgreSQL: a directory, and the path components before and below the major version.
const PACKAGED: [(&str, &str, &str); 8] = [
    ("usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu, Gentoo
    ("usr", "pgsql-", "bin"),                                   // RHEL and Fedora from postgresql.org
    ("usr/libexec", "postgresql", ""),                          // Alpine
    ("opt/homebrew/opt", "postgresql@", "bin"),                 // Homebrew, Apple silicon
    ("usr/local/opt", "postgresql@", "bin"),                    // Homebrew, Intel
    ("home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),    // Homebrew, Linux
    ("Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
    ("opt/local/lib", "postgresql", "bin"),                     // MacPorts
];

/// Where to look for PostgreSQL. Tests set other places.
#[derive(Clone, Debug)]
pub struct Search {
    /// `LOCAL_POSTGRES_BIN`: only this directory.
    pub bin: Option<PathBuf>,
    /// `PATH`.
    pub path: OsString,
    /// Root of the package managers' directories: `/`.
    pub root: PathBuf,
    /// Directory for downloads, by default in the user's cache.
    pub cache: Option<PathBuf>,
}

impl Search {
    /// Reads the settings from the environment.
    pub fn from_env() -> Self {
        Self {
            bin: env::var_os("LOCAL_POSTGRES_BIN").filter(|bin| !bin.is_empty()).map(PathBuf::from),
            path: env::var_os("PATH").unwrap_or_default(),
            root: PathBuf::from("/"),
            cache: None,
        }
    }

    /// Returns the newest installation, or one with the major version `needed` by existing data; otherwise a downloaded one.
    pub fn find(&self, needed: Option<u32>) -> Result<Installation, Error> {
        let run_as = RunAs::current()?;
        let mut tried = Vec::new();
        let mut found = Vec::new();
        for bin in self.installed() {
            match Installation::probe(&bin, None, run_as).and_then(|it| it.supported(needed)) {
                Ok(installation) => found.push(installation),
                Err(reason) => tried.push(Attempt { place: bin.display().to_string(), reason }),
            }
        }
        found.sort_by_key(|installation| Reverse(installation.major));
        if let Some(newest) = found.into_iter().next() {
            return Ok(newest);
        }
        if self.bin.is_none()
            && let Some(downloaded) = download::find(self.cache.as_deref(), needed, run_as, &mut tried)
        {
            return Ok(downloaded);
        }
        Err(Error::NotFound { needed, tried })
    }

    /// Returns directories with an `initdb`, those of `PATH` first.
    fn installed(&self) -> Vec<PathBuf> {
        if let Some(bin) = &self.bin {
            return vec![bin.clone()];
        }
        let mut places: Vec<PathBuf> =
            env::split_paths(&self.path).filter_map(|directory| real_bin(&directory)).collect();
        for (base, before, below) in PACKAGED {
            let entries = fs::read_dir(self.root.join(base)).into_iter().flatten().flatten();
            let versions = entries.filter(|entry| {
                let name = entry.file_name();
                name.to_str()
                    .and_then(|name| name.strip_prefix(before))
                    .is_some_and(|version| version.parse::<u32>().is_ok())
            });
            places.extend(versions.filter_map(|entry| real_bin(&entry.path().join(below))));
        }
        let mut seen = std::collections::HashSet::new();
        places.retain(|place| seen.insert(place.clone()));
        places
    }
}

/// Resolves the `initdb` of `directory`: `PATH` often has only a link to it, without `postgres` beside it.
fn real_bin(directory: &Path) -> Option<PathBuf> {
    Some(fs::canonicalize(directory.join("initdb")).ok()?.parent()?.to_owned())
}
