//! Reads an exported assignment back, to find out what an upload of its rows would store.

use admin_config::config_file::{ConfigFile, Labels};

use super::file_rows::{EXPORTED, Row, rows};
use crate::failure::Failure;

/// A stored assignment.
pub struct Stored {
    pub id: String,
    pub user_email: Option<String>,
    pub case_id: Option<i32>,
    pub path_config: Option<String>,
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub policy_id: Option<String>,
    pub allocation_probability: Option<f64>,
    pub rl_run_id: Option<i32>,
}

/// What an upload makes of an assignment's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBack {
    /// The same assignment.
    Same,
    /// Another assignment, because a file cannot have some of its values.
    Different,
    /// Nothing: an upload refuses the whole file, or there are no rows.
    Refused,
}

impl Stored {
    /// Returns the cells of one row of the file.
    pub fn cells(&self, row: &Row) -> [Option<String>; EXPORTED.len()] {
        let [collapse, highlight, top] = row.style.clone();
        [
            self.user_email.clone(),
            self.case_id.map(|case| case.to_string()),
            Some(row.path.clone()),
            collapse,
            highlight,
            top,
            self.experiment_id.clone(),
            self.arm.clone(),
            self.policy_id.clone(),
            self.allocation_probability.map(|probability| probability.to_string()),
            self.rl_run_id.map(|run| run.to_string()),
            Some(self.id.clone()),
        ]
    }

    /// Reads the rows back as an upload does.
    pub fn read_back(&self, rows_of_file: &[Row]) -> Result<ReadBack, Failure> {
        let mut file = csv::Writer::from_writer(Vec::new());
        file.write_record(EXPORTED)?;
        for row in rows_of_file {
            file.write_record(self.cells(row).map(Option::unwrap_or_default))?;
        }
        let file = file.into_inner().map_err(|error| Failure::from(error.into_error()))?;
        let Ok(file) = ConfigFile::parse_for_command(&file) else { return Ok(ReadBack::Refused) };
        let [read] = &file.assignments[..] else { return Ok(ReadBack::Different) };
        let labels = Labels {
            experiment_id: self.experiment_id.clone(),
            arm: self.arm.clone(),
            policy_id: self.policy_id.clone(),
            allocation_probability: self.allocation_probability,
            rl_run_id: self.rl_run_id,
        };
        let is_same = read.id == self.id
            && Some(&read.user_email) == self.user_email.as_ref()
            && Some(read.case_id) == self.case_id
            && read.labels == labels
            && file.notes.is_empty()
            && self.shows(rows_of_file, read.path_config.get());
        Ok(if is_same { ReadBack::Same } else { ReadBack::Different })
    }

    /// Returns whether these rows are all of its paths, and a configuration shows the same.
    fn shows(&self, own: &[Row], path_config: &str) -> bool {
        let number_of_paths =
            self.path_config.as_deref().and_then(shared::stored_json::entries).map(|paths| paths.len());
        let read = rows(Some(path_config));
        number_of_paths == Some(own.len())
            && read.len() == own.len()
            && own.iter().zip(&read).all(|(own, read)| own.is_whole && own.shows_the_same_as(read))
    }
}
