//! Participants, without name and email; excludes administrators.

use futures_util::stream::BoxStream;
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};

use crate::cursor::Cursor;
use crate::resource::{Keys, Resource, Wanted};
use crate::row::row;
use crate::value::Timestamp;

/// Participants, without name and email; excludes administrators.
#[derive(Clone, Copy, Debug)]
pub struct Participants;

row! {
    #[derive(utoipa::ToSchema)]
    ParticipantRow {
        user_id: i32 = "the number of the account",
        position: Option<String> = "the profession of the participant",
        employer: Option<String> = "where the participant works",
        area_of_clinical_ex: Option<String> = "the clinical field of the participant",
        active: Option<bool> = "whether the account may log in",
        admin_flag: Option<bool> = "whether the account may see the pages of researchers",
        user_created_at: Option<Timestamp> = "when the account was created (UTC)",
        cases_completed: i64 = "how many answers the participant has given",
        cases_assigned: i64 = "how many assignments the participant has",
    }
}

impl Resource for Participants {
    const PATH: &'static str = "/api/v1/export/participants";
    const HAS_SINCE: bool = false;
    type Key = i32;
    type Row = ParticipantRow;

    /// Also excludes accounts whose `admin_flag` is null, as the old system does.
    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<i32>, ApiError> {
        let after: Option<i32> = wanted.after.map(Cursor::key).transpose()?;
        let keys = sqlx::query_scalar!(
            r#"SELECT id FROM "user" WHERE NOT admin_flag AND ($1::int IS NULL OR id > $1) ORDER BY id LIMIT $2 OFFSET $3"#,
            after,
            wanted.count,
            wanted.offset
        );
        let keys = keys.fetch_all(&mut *snapshot).await?;
        let total = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM "user" WHERE NOT admin_flag"#);
        let total = if wanted.with_total { Some(total.fetch_one(snapshot).await?) } else { None };
        Ok(Keys { keys, total })
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[i32]) -> BoxStream<'e, Result<ParticipantRow, sqlx::Error>> {
        sqlx::query_as!(
            ParticipantRow,
            r#"SELECT id AS user_id, position, employer, area_of_clinical_ex, active, admin_flag,
                   created_timestamp AS "user_created_at: Timestamp",
                   (SELECT count(*) FROM answer WHERE answer.user_email = "user".email AND answer.id >= -2147483648) AS "cases_completed!",
                   (SELECT count(*) FROM display_config
                    WHERE display_config.user_email = "user".email AND upload_order >= '-9223372036854775808'::bigint) AS "cases_assigned!"
               FROM "user" WHERE id = ANY($1) ORDER BY id"#,
            keys
        )
        .fetch(db)
    }

    fn is_of(row: &ParticipantRow, key: &i32) -> bool {
        row.user_id == *key
    }
}
