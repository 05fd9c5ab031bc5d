//! Migrations that were withdrawn before any deployment (decision 90). Developers' databases that applied them still
//! work: this module removes withdrawn versions from their history, and the current migrations replace the indexes.

use std::fmt::Write as _;

use sqlx::PgConnection;
use sqlx::migrate::AppliedMigration;

use crate::migrations;

/// The withdrawn versions.
const WITHDRAWN: [i64; 13] = [
    20_260_102_000_100,
    20_260_102_000_200,
    LAST_STEP_OF_UPLOAD_ORDER,
    20_260_103_000_100,
    20_260_103_000_200,
    20_260_103_000_210,
    20_260_103_000_300,
    20_260_103_000_400,
    20_260_103_000_500,
    20_260_103_000_600,
    20_260_103_000_700,
    20_260_103_000_800,
    20_260_104_000_000,
];

/// Adds `display_config.upload_order`. Originally this took four migrations, which moved rows.
const UPLOAD_ORDER: i64 = 20_260_102_000_000;
const LAST_STEP_OF_UPLOAD_ORDER: i64 = 20_260_102_000_300;
/// SHA-384 of the original file of [`UPLOAD_ORDER`].
const FORMER_UPLOAD_ORDER: &str =
    "240a42e2d9a8223e552bd48fbfa24cc2c776f250e88d04c7e6980215fa8642c3d03f66254e90636269227a3afb2b9c00";

/// Returns the history as if the current migrations had run.
pub fn forget(mut applied: Vec<AppliedMigration>) -> Vec<AppliedMigration> {
    if has_former_column(&applied)
        && let Some(column) = applied.iter_mut().find(|one| one.version == UPLOAD_ORDER)
        && let Some(today) = migrations::up().find(|one| one.version == UPLOAD_ORDER)
    {
        column.checksum.clone_from(&today.checksum);
    }
    applied.retain(|one| !WITHDRAWN.contains(&one.version));
    applied
}

/// Returns whether the four original steps added the column. A database with only some of them cannot continue.
fn has_former_column(applied: &[AppliedMigration]) -> bool {
    applied.iter().any(|one| one.version == LAST_STEP_OF_UPLOAD_ORDER)
        && applied.iter().any(|one| one.version == UPLOAD_ORDER && hex(&one.checksum) == FORMER_UPLOAD_ORDER)
}

/// Returns bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Stores the history that [`forget`] returned.
pub async fn forget_in(connection: &mut PgConnection, applied: &[AppliedMigration]) -> Result<(), sqlx::Error> {
    let (versions, checksums): (Vec<i64>, Vec<Vec<u8>>) =
        applied.iter().map(|one| (one.version, one.checksum.to_vec())).unzip();
    // not checked at compile time, like all statements on sqlx's own table
    sqlx::query(
        "WITH forgotten AS (DELETE FROM _sqlx_migrations WHERE version = ANY($1))
         UPDATE _sqlx_migrations SET checksum = today.checksum
         FROM unnest($2::bigint[], $3::bytea[]) AS today (version, checksum)
         WHERE _sqlx_migrations.version = today.version AND _sqlx_migrations.checksum <> today.checksum",
    )
    .bind(&WITHDRAWN[..])
    .bind(versions)
    .bind(checksums)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(version: i64, checksum: &[u8]) -> AppliedMigration {
        AppliedMigration { version, checksum: checksum.to_vec().into() }
    }

    fn former_column() -> AppliedMigration {
        let checksum: Vec<u8> = (0..FORMER_UPLOAD_ORDER.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&FORMER_UPLOAD_ORDER[at..at + 2], 16).unwrap())
            .collect();
        applied(UPLOAD_ORDER, &checksum)
    }

    #[test]
    fn no_withdrawn_version_is_reused() {
        assert!(WITHDRAWN.iter().all(|version| !migrations::is_known(*version)));
    }

    #[test]
    fn the_four_original_steps_count_as_the_current_migration() {
        let history = forget(vec![former_column(), applied(LAST_STEP_OF_UPLOAD_ORDER, b"any")]);

        let today = migrations::up().find(|one| one.version == UPLOAD_ORDER).unwrap();
        assert_eq!(history.len(), 1);
        assert_eq!(history[0].checksum, today.checksum);
    }

    #[test]
    fn refuses_a_column_that_was_added_in_another_way() {
        let history = forget(vec![applied(UPLOAD_ORDER, b"other"), applied(LAST_STEP_OF_UPLOAD_ORDER, b"any")]);

        assert_eq!(&*history[0].checksum, b"other");
    }

    #[test]
    fn refuses_a_column_with_missing_steps() {
        let history = forget(vec![former_column(), applied(20_260_102_000_100, b"any")]);

        assert!(
            matches!(crate::history::pending(&history), Err(crate::Error::Changed(versions)) if versions == [UPLOAD_ORDER])
        );
    }
}
