//! Which code this is.

use std::sync::LazyLock;

/// The commit that a release was built from, from the environment of the build.
const COMMIT: Option<&str> = option_env!("AUGMED_COMMIT");

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let commit = COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("no release");
    format!("{} ({commit})", env!("CARGO_PKG_VERSION"))
});

/// Returns the version and the commit: `0.1.0 (3f2c1ab)`, or `0.1.0 (no release)` where `AUGMED_COMMIT` was not set during the build.
pub fn text() -> &'static str {
    &TEXT
}
