//! The history: applied and pending migrations.

use sqlx::migrate::{AppliedMigration, Migration};

use crate::{Error, migrations};

/// Returns the pending up migrations in order; fails if the history is inconsistent.
pub fn pending(applied: &[AppliedMigration]) -> Result<Vec<&'static Migration>, Error> {
    let unknown: Vec<i64> =
        applied.iter().map(|one| one.version).filter(|version| !migrations::is_known(*version)).collect();
    if !unknown.is_empty() {
        let newest = migrations::up().map(|known| known.version).max().unwrap_or(0);
        let is_newer = unknown.iter().all(|version| *version > newest)
            && migrations::up().all(|known| applied.iter().any(|one| one.version == known.version));
        return Err(if is_newer { Error::Newer(unknown) } else { Error::Unknown(unknown) });
    }
    let changed: Vec<i64> = migrations::up()
        .filter(|known| applied.iter().any(|one| one.version == known.version && one.checksum != known.checksum))
        .map(|known| known.version)
        .collect();
    if !changed.is_empty() {
        return Err(Error::Changed(changed));
    }
    let pending: Vec<&Migration> =
        migrations::up().filter(|known| applied.iter().all(|one| one.version != known.version)).collect();
    let latest = applied.iter().map(|one| one.version).max().unwrap_or(0);
    let late: Vec<i64> = pending.iter().map(|one| one.version).filter(|version| *version < latest).collect();
    if late.is_empty() { Ok(pending) } else { Err(Error::OutOfOrder { pending: late, latest }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(count: usize) -> Vec<AppliedMigration> {
        migrations::up()
            .take(count)
            .map(|one| AppliedMigration { version: one.version, checksum: one.checksum.clone() })
            .collect()
    }

    #[test]
    fn returns_migrations_that_are_not_applied() {
        let pending = pending(&applied(2)).unwrap();

        assert_eq!(pending.len(), migrations::up().count() - 2);
    }

    #[test]
    fn refuses_an_unknown_migration() {
        let mut applied = applied(1);
        applied.push(AppliedMigration { version: 7, checksum: vec![1].into() });

        assert!(matches!(pending(&applied), Err(Error::Unknown(versions)) if versions == [7]));
    }

    #[test]
    fn distinguishes_a_newer_release_from_another_program() {
        let newer = AppliedMigration { version: i64::MAX, checksum: vec![1].into() };
        let mut all = applied(migrations::up().count());
        all.push(newer.clone());
        let mut some = applied(1);
        some.push(newer);

        assert!(matches!(pending(&all), Err(Error::Newer(versions)) if versions == [i64::MAX]));
        assert!(matches!(pending(&some), Err(Error::Unknown(_))));
    }

    #[test]
    fn refuses_a_migration_that_was_edited_after_it_was_applied() {
        let mut applied = applied(2);
        applied[1].checksum = vec![1].into();

        assert!(matches!(pending(&applied), Err(Error::Changed(versions)) if versions == [applied[1].version]));
    }

    #[test]
    fn refuses_a_pending_migration_older_than_an_applied_one() {
        let mut applied = applied(3);
        let late = applied.remove(1).version;

        assert!(matches!(pending(&applied), Err(Error::OutOfOrder { pending, .. }) if pending == [late]));
    }
}
