//! The stored assignments: participant, case, arm and order. `display-configs` has what each shows.

use export::value::{Column, Field as _, Kind, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;

use crate::export::{Opened, Source};
use crate::failure::Failure;

/// Returns the columns.
pub fn columns() -> Vec<Column> {
    [
        ("config_id", Kind::Text, "the id of the assignment, as in display-configs"),
        ("user_email", Kind::Text, "the address of the participant"),
        ("case_id", Kind::Integer, "the case: the number of a visit (visit_occurrence_id)"),
        ("upload_order", Kind::Integer, "the order in which a participant gets the cases: the lowest first"),
        ("experiment_id", Kind::Text, "the experiment that the assignment belongs to"),
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

/// All assignments, in the order of their upload.
pub struct Assignments;

impl Source for Assignments {
    fn resource(&self) -> &'static str {
        "assignments"
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        let rows =
            sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM display_config"#).fetch_one(snapshot).await?;
        Ok(Opened { columns: columns(), rows: u64::try_from(rows).unwrap_or_default() })
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        _: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rows = sqlx::query!(
            "SELECT id, user_email, case_id, upload_order, experiment_id, arm, rl_run_id, policy_id, allocation_probability
             FROM display_config
             ORDER BY upload_order, id"
        )
        .fetch(snapshot);
        while let Some(row) = rows.try_next().await? {
            take(&[
                row.id.value(),
                row.user_email.value(),
                row.case_id.value(),
                row.upload_order.value(),
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
