//! A row of the file.

use csv::StringRecord;
use serde::Serialize;
use shared::assignment::is_allocation_probability;

use super::format::{CASE, MAX_ID_CHARACTERS, MAX_LABEL_CHARACTERS, MAX_USER_CHARACTERS, Reader, USER};
use super::labels::Labels;
use super::problem::Problem;

/// The index of each column. The last of several equal names counts.
pub(super) struct Columns {
    count: usize,
    user: usize,
    case: usize,
    path: usize,
    collapse: Option<usize>,
    highlight: Option<usize>,
    top: Option<usize>,
    experiment: Option<usize>,
    arm: Option<usize>,
    policy: Option<usize>,
    probability: Option<usize>,
    run: Option<usize>,
    assignment: Option<usize>,
    caller: Reader,
}

impl Columns {
    pub(super) fn of(header: &StringRecord, caller: Reader) -> Result<Self, Problem> {
        let is_called = |cell: &str, name: &str| match caller {
            Reader::Route => cell == name,
            Reader::Command => cell.trim().eq_ignore_ascii_case(name),
        };
        let find =
            |name| (0..header.len()).rfind(|&column| header.get(column).is_some_and(|cell| is_called(cell, name)));
        let of_command = |name| find(name).filter(|_| caller == Reader::Command);
        Ok(Self {
            count: header.len(),
            user: find(USER).ok_or_else(|| no_user_column(header))?,
            case: find(CASE).ok_or(Problem::NoColumn(CASE))?,
            path: find("Path").ok_or(Problem::NoColumn("Path"))?,
            collapse: find("Collapse"),
            highlight: find("Highlight"),
            top: find("Top"),
            experiment: find("Experiment"),
            arm: find("Arm"),
            policy: find("Policy"),
            probability: find("Probability"),
            run: of_command("Run"),
            assignment: of_command("Assignment"),
            caller,
        })
    }

    /// Returns a note on columns that the command line ignores: unknown ones, and all but the last of several equal names.
    pub(super) fn note(&self, header: &StringRecord) -> Option<String> {
        let optional = [self.collapse, self.highlight, self.top, self.experiment, self.arm, self.policy];
        let optional = optional.into_iter().chain([self.probability, self.run, self.assignment]).flatten();
        let used: Vec<usize> = [self.user, self.case, self.path].into_iter().chain(optional).collect();
        let ignored =
            header.iter().enumerate().filter(|(column, name)| !used.contains(column) && !name.trim().is_empty());
        let ignored: Vec<&str> = ignored.map(|(_, name)| name.trim()).collect();
        (self.caller == Reader::Command && !ignored.is_empty())
            .then(|| format!("ignored columns, unknown or repeated: {}", ignored.join(", ")))
    }
}

/// Returns why a header has no column for the user: the file may use semicolons or tabs instead of commas.
fn no_user_column(header: &StringRecord) -> Problem {
    let has_user = |separator| header.get(0).is_some_and(|cell| cell.split(separator).any(|cell| cell == USER));
    if has_user(';') {
        Problem::Semicolons
    } else if has_user('\t') {
        Problem::Tabs
    } else {
        Problem::NoColumn(USER)
    }
}

/// A row. User, case and style are valid even if it has no path.
pub(super) struct Row<'a> {
    pub user: &'a str,
    pub case_id: i32,
    pub path: &'a str,
    pub style: Style,
    /// `Assignment`.
    pub id: Option<&'a str>,
    labels: [Option<&'a str>; 3],
    allocation_probability: Option<f64>,
    rl_run_id: Option<i32>,
    notes: [Option<&'static str>; 4],
}

/// The style of a path; values that the file leaves empty are absent.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Style {
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highlight: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<f64>,
}

impl<'a> Row<'a> {
    pub(super) fn read(record: &'a StringRecord, columns: &Columns) -> Result<Self, Problem> {
        if record.len() < columns.count {
            return Err(Problem::FewCells { cells: record.len(), columns: columns.count });
        }
        let cell = |column: usize| record.get(column).unwrap_or_default().trim();
        let optional = |column: Option<usize>| column.map(cell).filter(|cell| !cell.is_empty());
        let label = |name, column| match optional(column) {
            Some(label) if label.chars().count() > MAX_LABEL_CHARACTERS => Err(Problem::LongLabel(name)),
            label => Ok(label),
        };
        let (user, path) = (cell(columns.user), cell(columns.path));
        let [collapse, highlight] = [columns.collapse, columns.highlight].map(optional);
        Ok(Self {
            user: user_of(user)?,
            case_id: case_of(cell(columns.case))?,
            path,
            style: Style {
                collapse: collapse.map(is_true),
                highlight: highlight.map(is_true),
                top: top_of(optional(columns.top), path)?,
            },
            id: optional(columns.assignment).map(id_of).transpose()?,
            labels: [
                label("Experiment", columns.experiment)?,
                label("Arm", columns.arm)?,
                label("Policy", columns.policy)?,
            ],
            allocation_probability: optional(columns.probability).map(probability_of).transpose()?,
            rl_run_id: optional(columns.run).map(run_of).transpose()?,
            notes: [
                path.is_empty().then_some("has no Path and is left out"),
                collapse
                    .filter(|cell| !is_boolean(cell))
                    .map(|_| "Collapse is neither TRUE nor FALSE and counts as FALSE"),
                highlight
                    .filter(|cell| !is_boolean(cell))
                    .map(|_| "Highlight is neither TRUE nor FALSE and counts as FALSE"),
                (record.len() > columns.count).then_some("has more cells than the header; does a comma need quotes?"),
            ],
        })
    }

    pub(super) fn labels(&self) -> Labels {
        let [experiment_id, arm, policy_id] = self.labels.map(|label| label.map(str::to_owned));
        let Self { allocation_probability, rl_run_id, .. } = *self;
        Labels { experiment_id, arm, policy_id, allocation_probability, rl_run_id }
    }

    /// Returns notes on values that may be mistakes.
    pub(super) fn notes(&self) -> impl Iterator<Item = &'static str> {
        self.notes.into_iter().flatten()
    }
}

impl Style {
    pub(super) fn is_empty(&self) -> bool {
        self.collapse.is_none() && self.highlight.is_none() && self.top.is_none()
    }
}

fn user_of(cell: &str) -> Result<&str, Problem> {
    match cell.chars().count() {
        0 => Err(Problem::NoUser),
        1..=MAX_USER_CHARACTERS => Ok(cell),
        _ => Err(Problem::LongUser),
    }
}

fn case_of(cell: &str) -> Result<i32, Problem> {
    if cell.is_empty() { Err(Problem::NoCase) } else { cell.parse().map_err(|_| Problem::CaseIsNoInteger) }
}

fn id_of(cell: &str) -> Result<&str, Problem> {
    if cell.chars().count() > MAX_ID_CHARACTERS { Err(Problem::LongId) } else { Ok(cell) }
}

fn run_of(cell: &str) -> Result<i32, Problem> {
    cell.parse().map_err(|_| Problem::RunIsNoInteger)
}

fn top_of(cell: Option<&str>, path: &str) -> Result<Option<f64>, Problem> {
    let Some(cell) = cell else { return Ok(None) };
    if !path.contains('.') {
        return Err(Problem::TopOnRoot);
    }
    let number = cell.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or(Problem::TopIsNoNumber)
}

fn probability_of(cell: &str) -> Result<f64, Problem> {
    let number = cell.parse().ok().filter(|&number| is_allocation_probability(number));
    number.ok_or(Problem::ProbabilityOutOfRange)
}

fn is_boolean(cell: &str) -> bool {
    is_true(cell) || cell.eq_ignore_ascii_case("false")
}

fn is_true(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("true")
}
