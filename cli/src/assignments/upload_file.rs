//! Reads the file of `upload` and `preview`, and compares it with the database.

use std::collections::BTreeMap;

use admin_config::config_file::{Assignment, ConfigFile, Labels, Note};
use clap::Args;
use shared::db::Database;

use crate::failure::Failure;
use crate::input::Input;
use crate::waiting;

/// A file, and labels that override its columns.
#[derive(Debug, Args)]
pub struct Source {
    /// A CSV file, or - for standard input.
    pub file: Input,
    /// Experiment of all assignments.
    #[arg(long)]
    experiment: Option<String>,
    /// Arm of all assignments.
    #[arg(long)]
    arm: Option<String>,
    /// Policy that chose the assignments.
    #[arg(long)]
    policy: Option<String>,
}

impl Source {
    /// Returns the assignments of the file, and warnings about possible mistakes.
    pub async fn read(&self, db: &Database) -> Result<(Vec<Assignment>, Vec<String>), Failure> {
        let mut file = ConfigFile::parse_for_command(&self.file.read()?).map_err(|error| {
            let remedy = "the columns are described by `augmed assignments --help`";
            self.file.failure(error).with_remedy(remedy)
        })?;
        let labels = Labels {
            experiment_id: self.experiment.clone(),
            arm: self.arm.clone(),
            policy_id: self.policy.clone(),
            ..Labels::default()
        };
        for assignment in &mut file.assignments {
            assignment.labels = labels.or(&assignment.labels);
        }
        let looked_up = admin_config::preview::look_up(&file.assignments, usize::MAX, db);
        let mut notes = file.notes;
        notes.extend(waiting::spin("looking up participants, cases and paths", looked_up).await?);
        notes.extend(unknown_runs(&file.assignments, db).await?);
        notes.sort_by_key(|note| note.row);
        Ok((file.assignments, notes.iter().map(ToString::to_string).collect()))
    }
}

/// Returns a warning for each run that does not exist. The database accepts unknown runs, also from services.
async fn unknown_runs(assignments: &[Assignment], db: &Database) -> Result<Vec<Note>, Failure> {
    let mut rows: BTreeMap<i32, u64> = BTreeMap::new();
    for assignment in assignments {
        if let Some(run) = assignment.labels.rl_run_id {
            rows.entry(run).or_insert(assignment.paths[0].row);
        }
    }
    let runs: Vec<i32> = rows.keys().copied().collect();
    let unknown = sqlx::query_scalar!(
        r#"SELECT run AS "run!" FROM unnest($1::integer[]) AS uploaded (run) WHERE NOT EXISTS (SELECT FROM rl_run WHERE id = run)"#,
        &runs
    );
    let unknown = unknown.fetch_all(db).await?;
    Ok(unknown.into_iter().map(|run| Note { row: rows[&run], text: format!("there is no run {run}") }).collect())
}
