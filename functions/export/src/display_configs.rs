//! Assignments of cases to participants.

use chrono::NaiveDate;
use futures_util::stream::BoxStream;
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};

use crate::cursor::{self, Cursor};
use crate::resource::{Keys, Resource, Wanted};
use crate::row::row;
use crate::value::StoredJson;

/// Assignments of cases to participants.
#[derive(Clone, Copy, Debug)]
pub struct DisplayConfigs;

row! {
    #[derive(utoipa::ToSchema)]
    DisplayConfigRow {
        config_id: String = "the id of the assignment",
        user_email: Option<String> = "the address of the participant",
        case_id: Option<i32> = "the case: the number of a visit (visit_occurrence_id)",
        #[schema(value_type = serde_json::Value)]
        path_config: Option<StoredJson> = "the paths that the assignment shows, with their style",
        person_id: Option<i32> = "the patient of the case",
        visit_start_date: Option<NaiveDate> = "when the visit of the case began",
    }
}

/// The sort key of assignments. `upload_order >= lowest` in the statements is always true: the index needs it
/// (`migrations/README.md`, "Indexes and old code").
struct SortKey {
    user_email: Option<String>,
    case_id: Option<i32>,
    id: String,
}

impl Resource for DisplayConfigs {
    const PATH: &'static str = "/api/v1/export/display-configs";
    const HAS_SINCE: bool = false;
    type Key = String;
    type Row = DisplayConfigRow;

    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<String>, ApiError> {
        let keys = match wanted.after {
            Some(cursor) => {
                let last = sort_key(snapshot, cursor).await?;
                ids_after(snapshot, &last, wanted.count).await?
            }
            None => first_ids(snapshot, wanted).await?,
        };
        let total = if wanted.with_total { Some(count(snapshot).await?) } else { None };
        Ok(Keys { keys, total })
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[String]) -> BoxStream<'e, Result<DisplayConfigRow, sqlx::Error>> {
        sqlx::query_as!(
            DisplayConfigRow,
            r#"SELECT display_config.id AS config_id, display_config.user_email, display_config.case_id,
                   display_config.path_config AS "path_config: StoredJson",
                   visit.person_id AS "person_id?",
                   CASE WHEN visit.visit_start_date BETWEEN '0001-01-01' AND '9999-12-31' THEN visit.visit_start_date END AS visit_start_date
               FROM unnest($1::text[]) WITH ORDINALITY AS page (id, position)
               JOIN display_config ON display_config.id = page.id
               LEFT JOIN visit_occurrence visit ON visit.visit_occurrence_id = display_config.case_id
               ORDER BY page.position"#,
            keys
        )
        .fetch(db)
    }

    fn is_of(row: &DisplayConfigRow, key: &String) -> bool {
        row.config_id == *key
    }
}

async fn sort_key(snapshot: &mut PgConnection, cursor: &Cursor) -> Result<SortKey, ApiError> {
    let id: String = cursor.key()?;
    let sort_key = sqlx::query_as!(SortKey, "SELECT user_email, case_id, id FROM display_config WHERE id = $1", id);
    sort_key.fetch_optional(snapshot).await?.ok_or_else(cursor::invalid)
}

async fn first_ids(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM display_config WHERE upload_order >= '-9223372036854775808'::bigint
         ORDER BY user_email, case_id, id LIMIT $1 OFFSET $2",
        wanted.count,
        wanted.offset
    )
    .fetch_all(snapshot)
    .await
}

/// Returns the assignments after `last`. Those without a case or a participant sort last; NULLs do not compare, so they
/// form separate parts. Each part is an index range; a single condition would read and discard all earlier rows.
async fn ids_after(snapshot: &mut PgConnection, last: &SortKey, count: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
               (SELECT user_email, case_id, id FROM display_config
                WHERE (user_email, case_id, id) > ($1, $2, $3)
                  AND upload_order >= '-9223372036854775808'::bigint
                ORDER BY user_email, case_id, id LIMIT $4)
               UNION ALL
               (SELECT user_email, case_id, id FROM display_config
                WHERE (user_email = $1 OR $1::text IS NULL AND user_email IS NULL) AND case_id IS NULL
                  AND ($2::int IS NOT NULL OR id > $3)
                  AND upload_order >= '-9223372036854775808'::bigint
                ORDER BY user_email, case_id, id LIMIT $4)
               UNION ALL
               (SELECT user_email, case_id, id FROM display_config
                WHERE user_email IS NULL AND case_id IS NOT NULL AND ($1 IS NOT NULL OR (case_id, id) > ($2, $3))
                  AND upload_order >= '-9223372036854775808'::bigint
                ORDER BY user_email, case_id, id LIMIT $4)
               UNION ALL
               (SELECT user_email, case_id, id FROM display_config
                WHERE user_email IS NULL AND case_id IS NULL AND $1 IS NOT NULL
                  AND upload_order >= '-9223372036854775808'::bigint
                ORDER BY user_email, case_id, id LIMIT $4)
           ) AS behind
           ORDER BY user_email, case_id, id LIMIT $4"#,
        last.user_email,
        last.case_id,
        last.id,
        count
    )
    .fetch_all(snapshot)
    .await
}

async fn count(snapshot: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM display_config"#).fetch_one(snapshot).await
}
