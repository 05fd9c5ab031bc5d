//! The version of this program.

use std::sync::LazyLock;

/// The commit of a release, set by the build.
const COMMIT: Option<&str> = option_env!("AUGMED_COMMIT");

static TEXT: LazyLock<String> = LazyLock::new(|| with_commit(COMMIT));

/// Returns the version and the commit: `0.1.0 (3f2c1ab)`, or `0.1.0 (no release)` if the build did not set
/// `AUGMED_COMMIT`.
pub fn text() -> &'static str {
    &TEXT
}

fn with_commit(commit: Option<&str>) -> String {
    let commit = commit.filter(|commit| !commit.is_empty()).unwrap_or("no release");
    format!("{} ({commit})", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_version_of_the_packages() {
        assert!(text().starts_with(concat!(env!("CARGO_PKG_VERSION"), " (")), "{}", text());
    }

    #[test]
    fn names_the_commit_of_a_release() {
        assert!(with_commit(Some("3f2c1ab")).ends_with(" (3f2c1ab)"));
        for unset in [None, Some("")] {
            assert!(with_commit(unset).ends_with(" (no release)"), "{unset:?}");
        }
    }
}
