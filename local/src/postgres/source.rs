use std::path::Path;

/// A source to download PostgreSQL from.
pub(super) struct Source {
    /// Name for messages.
    pub name: &'static str,
    /// Directory in the cache. It includes the version, so that versions do not replace each other.
    pub directory: &'static str,
    pub major: u32,
    /// Fills the given directory with `bin`, `lib` and `share`.
    pub fetch: fn(&Path) -> Result<(), String>,
}
