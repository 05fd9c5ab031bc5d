//! Maximum number of connections of a database.

use std::time::Duration;

use tokio::task::JoinHandle;

use crate::Failure;
use crate::postgres::Database;

const EVERY: Duration = Duration::from_millis(100);

/// Samples the number of connections until it ends.
pub struct Peak {
    counting: JoinHandle<Result<usize, Failure>>,
    stop: tokio::sync::oneshot::Sender<()>,
}

impl Peak {
    /// Starts sampling on a connection of its own, which it does not count.
    pub async fn watch(database: &Database) -> Result<Self, Failure> {
        let mut connection = database.connect().await?;
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let counting = tokio::spawn(async move {
            let mut most = 0_usize;
            loop {
                let now = "SELECT count(*) FROM pg_stat_activity
                           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
                let now: i64 = sqlx::query_scalar(now).fetch_one(&mut connection).await?;
                most = most.max(usize::try_from(now)?);
                if tokio::time::timeout(EVERY, &mut stopped).await.is_ok() {
                    return Ok(most);
                }
            }
        });
        Ok(Self { counting, stop })
    }

    /// Returns the maximum.
    pub async fn end(self) -> Result<usize, Failure> {
        drop(self.stop);
        self.counting.await?
    }
}
