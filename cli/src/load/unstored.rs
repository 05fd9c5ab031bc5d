//! A load that is complete except for its commit.

use shared::db::Transaction;

use super::id_file::Unconfirmed;
use super::report::Loaded;
use crate::failure::Failure;

/// Rows in an open transaction, and the file of their ids.
pub struct Unstored {
    pub transaction: Transaction,
    pub report: Loaded,
    pub ids: Option<Unconfirmed>,
}

impl Unstored {
    /// Commits the rows and then names the file of ids; rolls back after `--check`.
    pub async fn store(self) -> Result<Loaded, Failure> {
        let Self { transaction, report, ids } = self;
        if !report.is_stored {
            transaction.rollback().await?;
            return Ok(report);
        }
        match (transaction.commit().await, ids) {
            (Ok(()), Some(ids)) => ids.confirm()?,
            (Ok(()), None) => {}
            // PostgreSQL has answered, so nothing is stored, and the file is removed
            (Err(error @ sqlx::Error::Database(_)), _) | (Err(error), None) => return Err(error.into()),
            (Err(error), Some(ids)) => return Err(Failure::from(error).with_remedy(ids.keep())),
        }
        Ok(report)
    }
}
