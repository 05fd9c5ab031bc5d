//! The rows of `export exposures`.

use export::value::{Column, Field as _, Kind, StoredJson, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::page::{Page, features};
use crate::export::{Opened, Source};
use crate::failure::Failure;

/// The columns.
pub fn columns() -> Vec<Column> {
    [
        ("exposure_id", Kind::Integer, "the number of the exposure"),
        ("user_email", Kind::Text, "the address of the participant"),
        ("config_id", Kind::Text, "the assignment whose page was shown"),
        ("case_id", Kind::Integer, "the case: the number of a visit (visit_occurrence_id)"),
        (
            "first_shown_at",
            Kind::TimestampUtc,
            "when this page was sent for the first time, or again after another one",
        ),
        ("last_shown_at", Kind::TimestampUtc, "when it was sent again; views within an hour are not told apart"),
        ("page_sha256", Kind::Text, "the SHA-256 of the page as it was sent"),
        ("features_shown", Kind::Json, "the features on the page, as the analysis file names them"),
        ("ai_score_shown", Kind::Boolean, "whether the page shows an AI score"),
        ("ai_score", Kind::Text, "the AI score as the page shows it"),
        ("answer_id", Kind::Integer, "the answer that was given to this page"),
        ("code_version", Kind::Text, "the version and commit of the service that made the page"),
        ("experiment_id", Kind::Text, "the experiment that the assignment belonged to"),
        ("arm", Kind::Text, "the arm of the assignment"),
        ("rl_run_id", Kind::Integer, "the run that made the assignment"),
        ("policy_id", Kind::Text, "the policy that chose the assignment"),
        (
            "allocation_probability",
            Kind::Float,
            "the probability with which the design drew the assignment, above 0 and at most 1",
        ),
    ]
    .map(|(name, kind, about)| Column::new(name, kind, about))
    .into()
}

/// All exposures, in their order.
pub struct Exposures;

impl Source for Exposures {
    fn resource(&self) -> &'static str {
        "exposures"
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        let rows = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM exposure"#).fetch_one(snapshot).await?;
        Ok(Opened { columns: columns(), rows: u64::try_from(rows).unwrap_or_default() })
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
            let features = json(&features(&Page::read(&row.content)))?;
            take(&[
                row.id.value(),
                row.user_email.value(),
                row.task_id.value(),
                row.case_id.value(),
                Value::TimestampUtc(row.first_shown_at),
                Value::TimestampUtc(row.last_shown_at),
                row.page_sha256.value(),
                features.value(),
                Value::Boolean(row.ai_score.is_some()),
                row.ai_score.value(),
                row.answer_id.value(),
                row.code_version.value(),
                row.experiment_id.value(),
                row.arm.value(),
                row.rl_run_id.value(),
                row.policy_id.value(),
                row.allocation_probability.value(),
            ])?;
        }
        Ok(())
    }
}

fn json(features: &[String]) -> Result<StoredJson, Failure> {
    Ok(Json(serde_json::value::to_raw_value(features).map_err(std::io::Error::from)?))
}
