//! The durations of reviews.

use futures_util::stream::BoxStream;
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};

use crate::cursor::{self, Cursor};
use crate::resource::{Keys, Resource, Wanted};
use crate::row::row;
use crate::value::TimestampUtc;

/// The durations of reviews.
#[derive(Clone, Copy, Debug)]
pub struct Analytics;

row! {
    #[derive(utoipa::ToSchema)]
    AnalyticsRow {
        analytics_id: i32 = "the number of the timing",
        user_email: String = "the address of the participant",
        case_config_id: String = "the assignment that was timed",
        case_id: i32 = "the case: the number of a visit (visit_occurrence_id)",
        case_open_time: Option<TimestampUtc> = "when the participant opened the case",
        answer_open_time: Option<TimestampUtc> = "when the participant opened the questions",
        answer_submit_time: Option<TimestampUtc> = "when the participant sent the answer",
        to_answer_open_secs: f64 = "from opening the case to opening the questions" in "s",
        to_submit_secs: f64 = "from opening the questions to the answer" in "s",
        total_duration_secs: f64 = "from opening the case to the answer" in "s",
        analytics_created_at: Option<TimestampUtc> = "when the timing was stored",
    }
}

/// The sort key of timings: participant and case as in the old service, then id. `id >= lowest` in the statements is
/// always true: the index needs it (`migrations/README.md`, "Indexes and old code").
struct SortKey {
    user_email: String,
    case_id: i32,
    id: i32,
}

impl Resource for Analytics {
    const PATH: &'static str = "/api/v1/export/analytics";
    const HAS_SINCE: bool = true;
    type Key = i32;
    type Row = AnalyticsRow;

    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<i32>, ApiError> {
        let keys = match wanted.after {
            Some(cursor) => {
                let last = sort_key(snapshot, cursor).await?;
                ids_after(snapshot, &last, wanted).await?
            }
            None => first_ids(snapshot, wanted).await?,
        };
        let total = if wanted.with_total { Some(count(snapshot, wanted).await?) } else { None };
        Ok(Keys { keys, total })
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[i32]) -> BoxStream<'e, Result<AnalyticsRow, sqlx::Error>> {
        sqlx::query_as!(
            AnalyticsRow,
            r#"SELECT analytics.id AS analytics_id, user_email, case_config_id, case_id, case_open_time AS "case_open_time?: TimestampUtc",
                   answer_open_time AS "answer_open_time?: TimestampUtc", answer_submit_time AS "answer_submit_time?: TimestampUtc",
                   to_answer_open_secs, to_submit_secs, total_duration_secs,
                   created_timestamp AS "analytics_created_at: TimestampUtc"
               FROM unnest($1::int[]) WITH ORDINALITY AS page (id, position)
               JOIN analytics ON analytics.id = page.id
               ORDER BY page.position"#,
            keys
        )
        .fetch(db)
    }

    fn is_of(row: &AnalyticsRow, key: &i32) -> bool {
        row.analytics_id == *key
    }
}

async fn sort_key(snapshot: &mut PgConnection, cursor: &Cursor) -> Result<SortKey, ApiError> {
    let id: i32 = cursor.key()?;
    let sort_key = sqlx::query_as!(SortKey, "SELECT user_email, case_id, id FROM analytics WHERE id = $1", id);
    sort_key.fetch_optional(snapshot).await?.ok_or_else(cursor::invalid)
}

async fn first_ids(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM analytics
         WHERE ($1::timestamptz IS NULL OR created_timestamp >= $1) AND id >= -2147483648
         ORDER BY user_email, case_id, id LIMIT $2 OFFSET $3",
        wanted.since,
        wanted.count,
        wanted.offset
    )
    .fetch_all(snapshot)
    .await
}

async fn ids_after(snapshot: &mut PgConnection, last: &SortKey, wanted: &Wanted<'_>) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM analytics
         WHERE (user_email, case_id, id) > ($1, $2, $3) AND id >= -2147483648
           AND ($4::timestamptz IS NULL OR created_timestamp >= $4)
         ORDER BY user_email, case_id, id LIMIT $5",
        last.user_email,
        last.case_id,
        last.id,
        wanted.since,
        wanted.count
    )
    .fetch_all(snapshot)
    .await
}

async fn count(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM analytics
           WHERE ($1::timestamptz IS NULL OR created_timestamp >= $1) AND id >= -2147483648"#,
        wanted.since
    )
    .fetch_one(snapshot)
    .await
}
