//! The fixtures: areas of scenarios, and their recordings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::de::DeserializeOwned;

use super::answer::Outcome;
use super::raw_bytes;
use super::scenario::Scenario;

/// All areas, in alphabetical order.
pub const ALL: [&str; 12] = [
    "admin_config",
    "admin_users",
    "analytics",
    "answer_config",
    "answers",
    "auth",
    "batch_configs",
    "cases",
    "cross_cutting",
    "experiments",
    "export",
    "health",
];

/// Scenarios on one subject.
#[derive(Debug)]
pub struct Area {
    /// The file's name.
    pub name: String,
    /// In the order of the file.
    pub scenarios: Vec<Scenario>,
    recorded: Recording,
}

type Recording = BTreeMap<String, BTreeMap<String, Outcome>>;

/// Why a fixture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Error of the file system.
        source: io::Error,
    },
    /// The file does not have the expected structure.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Cause and position.
        source: serde_json::Error,
    },
}

impl Area {
    /// Reads `cases/<name>.json` and `recorded/<name>.json`.
    pub fn load(name: &str) -> Result<Self, FixtureError> {
        let scenarios = parse(&format!("cases/{name}.json"))?;
        let recorded = parse(&format!("recorded/{name}.json"))?;
        Ok(Self { name: name.to_owned(), scenarios, recorded })
    }

    /// Returns the production service's recorded outcome.
    pub fn recorded(&self, scenario: &str, step: &str) -> Option<&Outcome> {
        self.recorded.get(scenario)?.get(step)
    }
}

/// Returns the statements that reset the database before every scenario.
pub fn fixture_sql() -> Result<String, FixtureError> {
    read(&path("fixture.sql"))
}

/// Reads a JSON fixture. Lone surrogates become markers, see [`raw_bytes`].
pub(super) fn parse<T: DeserializeOwned>(name: &str) -> Result<T, FixtureError> {
    let path = path(name);
    let text = read(&path)?;
    serde_json::from_str(&raw_bytes::mark(&text)).map_err(|source| FixtureError::Malformed { path, source })
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/contract").join(name)
}

fn read(path: &Path) -> Result<String, FixtureError> {
    fs::read_to_string(path).map_err(|source| FixtureError::Unreadable { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use serde_json::json;

    use super::{ALL, Area};
    use crate::contract::answer::Outcome;
    use crate::contract::scenario::{Step, Want};
    use crate::contract::verdict::complaints;

    /// Calls `see` with every step that has to match its recording, and the recording.
    fn for_each_step_wanted_as_recorded(see: impl Fn(&Step, &Outcome)) {
        for area in ALL.map(|name| Area::load(name).unwrap()) {
            for scenario in &area.scenarios {
                for step in scenario.steps.iter().filter(|step| step.want == Want::AsRecorded) {
                    see(step, area.recorded(&scenario.name, &step.name).unwrap());
                }
            }
        }
    }

    #[test]
    fn all_areas_are_listed() {
        let files = fs::read_dir(super::path("cases")).unwrap();
        let mut names: Vec<_> = files.map(|file| file.unwrap().path().file_stem().unwrap().to_owned()).collect();
        names.sort_unstable();

        assert_eq!(names, ALL);
    }

    #[test]
    fn each_of_the_851_steps_has_a_unique_name_and_a_recording() {
        let mut recorded = HashSet::new();
        for area in ALL.map(|name| Area::load(name).unwrap()) {
            for scenario in &area.scenarios {
                for step in &scenario.steps {
                    assert!(area.recorded(&scenario.name, &step.name).is_some(), "{}: not recorded", step.name);
                    recorded.insert((area.name.clone(), scenario.name.clone(), step.name.clone()));
                }
            }
        }

        assert_eq!(recorded.len(), 851);
    }

    #[test]
    fn every_recorded_response_matches_itself() {
        for_each_step_wanted_as_recorded(|step, recorded| {
            assert_eq!(complaints(step, recorded, recorded), [""; 0], "{}", step.name);
        });
    }

    #[test]
    fn a_difference_planted_in_any_recorded_response_is_found() {
        for_each_step_wanted_as_recorded(|step, recorded| {
            let planted = match recorded.clone() {
                Outcome::Rows { rows } => Outcome::Rows { rows: [rows, vec!["one more".to_owned()]].concat() },
                Outcome::Answer(mut answer) => {
                    match answer.json.as_mut().filter(|body| body["error"].is_null() && body["msg"].is_null()) {
                        Some(body) => body["planted"] = json!(1),
                        None => answer.status += 1,
                    }
                    Outcome::Answer(answer)
                }
                Outcome::NoAnswer(_) => unreachable!("nothing is recorded without an answer"),
            };
            assert!(!complaints(step, recorded, &planted).is_empty(), "{} passed", step.name);
        });
    }
}
