//! The embedded files of `migrations/`.

use sqlx::migrate::{Migration, Migrator};

/// All migrations, up and down, in ascending order of version.
static FILES: Migrator = sqlx::migrate!("../migrations");

/// The schema of the old system at [`crate::difference::REVISION`]. An empty database gets it; an old one is adopted
/// instead.
pub const BASELINE: i64 = 20_260_101_000_000;

/// Returns the up migrations in ascending order of version.
pub fn up() -> impl DoubleEndedIterator<Item = &'static Migration> {
    FILES.iter().filter(|migration| migration.migration_type.is_up_migration())
}

/// Returns the down migrations in ascending order of version.
pub fn down() -> impl DoubleEndedIterator<Item = &'static Migration> {
    FILES.iter().filter(|migration| migration.migration_type.is_down_migration())
}

/// Returns whether an up migration has this version.
pub fn is_known(version: i64) -> bool {
    up().any(|migration| migration.version == version)
}
