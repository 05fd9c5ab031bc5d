//! Directories for clusters of PostgreSQL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

/// Returns a new directory that every account may enter: for root, PostgreSQL runs under another one.
///
/// # Panics
///
/// If it cannot be created.
pub fn open_directory() -> TempDir {
    let directory =
        tempfile::Builder::new().prefix("augmed-test-").permissions(Permissions::from_mode(0o755)).tempdir();
    directory.expect("a directory")
}
