//! Finds programs from Python's package index.

use std::path::{Path, PathBuf};

/// Returns the program that `.ci/run` installed, or the one in `PATH`.
pub fn path(program: &str) -> Option<PathBuf> {
    let installed = workspace().join("target/tools/venv/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(installed).chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(program)).find(|program| program.is_file())
}

/// Returns whether tests of `program` have to be skipped, because it is not installed. The variable `required` makes that a failure.
///
/// # Panics
///
/// If it is required and missing.
pub fn is_missing(program: &str, required: &str) -> bool {
    let is_missing = path(program).is_none();
    if is_missing {
        eprintln!("There is no {program}: pip install {program}. Its tests are ignored.");
        assert!(std::env::var_os(required).is_none(), "{program} is required");
    }
    is_missing
}

pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
