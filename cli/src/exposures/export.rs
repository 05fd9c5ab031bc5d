//! The rows of `export exposures`.

use chrono::{DateTime, Utc};
use export::row;
use export::row::Row as _;
use export::value::{Column, StoredJson, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;

use super::page::{Page, features};
use crate::export::{Opened, Source};
use crate::failure::Failure;

row! {
    ExposureRow {
        exposure_id: i64 = "the number of the exposure",
        user_email: String = "the address of the participant",
        config_id: String = "the assignment whose page was shown",
        case_id: i32 = "the case: the number of a visit (visit_occurrence_id)",
        first_shown_at: DateTime<Utc> = "when this page was sent for the first time, or again after another one",
        last_shown_at: DateTime<Utc> = "when it was sent again; views within an hour are not told apart",
        page_sha256: String = "the SHA-256 of the page as it was sent",
        features_shown: StoredJson = "the features on the page, as the analysis file names them",
        ai_score_shown: bool = "whether the page shows an AI score",
        ai_score: Option<String> = "the AI score as the page shows it",
        answer_id: Option<i32> = "the answer that was given to this page",
        code_version: String = "the version and commit of the service that made the page",
        experiment_id: Option<String> = "the experiment that the assignment belonged to",
        arm: Option<String> = "the arm of the assignment",
        rl_run_id: Option<i32> = "the run that made the assignment",
        policy_id: Option<String> = "the policy that chose the assignment",
        allocation_probability: Option<f64> = "the probability with which the design drew the assignment, above 0 and at most 1",
    }
}

/// Returns the columns.
pub fn columns() -> Vec<Column> {
    ExposureRow::COLUMNS.to_vec()
}

/// All exposures, in order.
pub struct Exposures;

impl Source for Exposures {
    fn resource(&self) -> &'static str {
        "exposures"
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        let rows = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM exposure"#).fetch_one(snapshot).await?;
        Ok(Opened::of::<ExposureRow>(rows))
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        _: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rows = sqlx::query!(
            r#"SELECT exposure.id, exposure.user_email, exposure.task_id, exposure.case_id, first_shown_at, last_shown_at,
                      encode(sha256, 'hex') AS "page_sha256!", content, ai_score, answer.id AS "answer_id?", code_version,
                      exposure.experiment_id, exposure.arm, exposure.rl_run_id, exposure.policy_id, exposure.allocation_probability
               FROM exposure
               JOIN shown_page USING (sha256)
               LEFT JOIN answer ON answer.exposure_id = exposure.id
               ORDER BY exposure.id"#
        )
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            let row = ExposureRow {
                exposure_id: row.id,
                user_email: row.user_email,
                config_id: row.task_id,
                case_id: row.case_id,
                first_shown_at: row.first_shown_at,
                last_shown_at: row.last_shown_at,
                page_sha256: row.page_sha256,
                features_shown: json(&features(&Page::read(&row.content)))?,
                ai_score_shown: row.ai_score.is_some(),
                ai_score: row.ai_score,
                answer_id: row.answer_id,
                code_version: row.code_version,
                experiment_id: row.experiment_id,
                arm: row.arm,
                rl_run_id: row.rl_run_id,
                policy_id: row.policy_id,
                allocation_probability: row.allocation_probability,
            };
            take(&row.values())?;
        }
        Ok(())
    }
}

fn json(features: &[String]) -> Result<StoredJson, Failure> {
    Ok(serde_json::value::to_raw_value(features).map_err(std::io::Error::from)?.into())
}
