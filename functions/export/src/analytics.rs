//! How long participants took.

use futures_util::stream::BoxStream;
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};

use crate::cursor::Cursor;
use crate::page::{Keys, Resource, Wanted};
use crate::row::row;
use crate::value::TimestampUtc;

/// How long participants took.
#[derive(Clone, Copy, Debug)]
pub struct Analytics;

row! {
    AnalyticsRow {
        analytics_id: i32,
        user_email: String,
        case_config_id: String,
        case_id: i32,
        case_open_time: Option<TimestampUtc>,
        answer_open_time: Option<TimestampUtc>,
        answer_submit_time: Option<TimestampUtc>,
        to_answer_open_secs: f64,
        to_submit_secs: f64,
        total_duration_secs: f64,
        analytics_created_at: Option<TimestampUtc>,
    }
}

impl Resource for Analytics {
    const PATH: &'static str = "/api/v1/export/analytics";
    const HAS_SINCE: bool = true;
    type Key = i32;
    type Row = AnalyticsRow;

    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<i32>, ApiError> {
        let after: Option<i32> = wanted.after.map(Cursor::key).transpose()?;
        let keys = sqlx::query_scalar!(
            "SELECT id FROM analytics
             WHERE ($1::int IS NULL OR id > $1) AND ($2::timestamptz IS NULL OR created_timestamp >= $2)
             ORDER BY id LIMIT $3 OFFSET $4",
            after,
            wanted.since,
            wanted.count,
            wanted.offset
        );
        let keys = keys.fetch_all(&mut *snapshot).await?;
        let total = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM analytics WHERE $1::timestamptz IS NULL OR created_timestamp >= $1"#,
            wanted.since
        );
        let total = if wanted.with_total { Some(total.fetch_one(snapshot).await?) } else { None };
        Ok(Keys { keys, total })
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[i32]) -> BoxStream<'e, Result<AnalyticsRow, sqlx::Error>> {
        sqlx::query_as!(
            AnalyticsRow,
            r#"SELECT id AS analytics_id, user_email, case_config_id, case_id, case_open_time AS "case_open_time?: TimestampUtc",
                   answer_open_time AS "answer_open_time?: TimestampUtc", answer_submit_time AS "answer_submit_time?: TimestampUtc",
                   to_answer_open_secs, to_submit_secs, total_duration_secs,
                   created_timestamp AS "analytics_created_at: TimestampUtc"
               FROM analytics WHERE id = ANY($1) ORDER BY id"#,
            keys
        )
        .fetch(db)
    }

    fn is_of(row: &AnalyticsRow, key: &i32) -> bool {
        row.analytics_id == *key
    }
}
