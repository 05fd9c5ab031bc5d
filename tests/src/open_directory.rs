//! Directories for clusters of PostgreSQL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

/// Returns a new directory that every account may enter, because PostgreSQL runs under another account if this process is root.
///
/// # Panics
///
/// If it cannot be created.
pub fn open_directory() -> TempDir {
    let directory =
        tempfile::Builder::new().prefix("augmed-test-").permissions(Permissions::from_mode(0o755)).tempdir();
    directory.expect("a directory")
}
