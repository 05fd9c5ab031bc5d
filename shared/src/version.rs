//! The version of this program.

use std::sync::LazyLock;

/// The commit of a release, set by the build.
const COMMIT: Option<&str> = option_env!("AUGMED_COMMIT");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("no release");
    format!("{} ({commit})", env!("CARGO_PKG_VERSION"))
});

/// Returns the version and the commit: `0.1.0 (3f2c1ab)`, or `0.1.0 (no release)` if the build did not set
/// `AUGMED_COMMIT`.
pub fn text() -> &'static str {
    &TEXT
}
