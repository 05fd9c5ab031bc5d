//! The stored assignments: participant, case, arm and order. `display-configs` has what each shows.

use export::row;
use export::row::Row as _;
use export::value::{Column, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;

use crate::export::{Opened, Source};
use crate::failure::Failure;

row! {
    AssignmentRow {
        config_id: String = "the id of the assignment, as in display-configs",
        user_email: Option<String> = "the address of the participant",
        case_id: Option<i32> = "the case: the number of a visit (visit_occurrence_id)",
        upload_order: i64 = "the order in which a participant gets the cases: the lowest first",
        experiment_id: Option<String> = "the experiment that the assignment belongs to",
        arm: Option<String> = "the arm of the assignment",
        rl_run_id: Option<i32> = "the run that made the assignment",
        policy_id: Option<String> = "the policy that chose the assignment",
        allocation_probability: Option<f64> = "the probability with which the design drew the assignment, above 0 and at most 1",
    }
}

/// Returns the columns.
pub fn columns() -> Vec<Column> {
    AssignmentRow::COLUMNS.to_vec()
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
        Ok(Opened::of::<AssignmentRow>(rows))
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
            let row = AssignmentRow {
                config_id: row.id,
                user_email: row.user_email,
                case_id: row.case_id,
                upload_order: row.upload_order,
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
