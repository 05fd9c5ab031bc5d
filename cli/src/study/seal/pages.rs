//! The shown pages, exactly as sent.

use export::row;
use export::row::Row as _;
use export::value::{Column, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;

use crate::export::{Opened, Source};
use crate::failure::Failure;

row! {
    PageRow {
        page_sha256: String = "the SHA-256 of the page as it was sent, as in exposures",
        content: String = "the body of the answer to GET /api/case-reviews/{id}",
        ai_score: Option<String> = "the AI score as the page shows it",
    }
}

/// Returns the columns.
pub fn columns() -> Vec<Column> {
    PageRow::COLUMNS.to_vec()
}

/// All pages, in the order of their hashes.
pub struct Pages;

impl Source for Pages {
    fn resource(&self) -> &'static str {
        "pages"
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        let rows = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM shown_page"#).fetch_one(snapshot).await?;
        Ok(Opened::of::<PageRow>(rows))
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        _: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rows = sqlx::query!(
            r#"SELECT encode(sha256, 'hex') AS "page_sha256!", content, ai_score FROM shown_page ORDER BY sha256"#
        )
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            let content = String::from_utf8_lossy(&row.content).into_owned();
            take(&PageRow { page_sha256: row.page_sha256, content, ai_score: row.ai_score }.values())?;
        }
        Ok(())
    }
}
