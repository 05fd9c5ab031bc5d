//! A row of the file.

use csv::StringRecord;
use serde::Serialize;
use shared::assignment::is_allocation_probability;

use super::format::{CASE, MAX_LABEL_CHARACTERS, MAX_USER_CHARACTERS, USER};
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
}

impl Columns {
    pub(super) fn of(header: &StringRecord) -> Result<Self, Problem> {
        let find = |name| (0..header.len()).rfind(|&column| header.get(column) == Some(name));
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
        })
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
    labels: [Option<&'a str>; 3],
    allocation_probability: Option<f64>,
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

/// The experiment and arm of an assignment, the policy that chose it, and its probability.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// `Experiment`.
    pub experiment_id: Option<String>,
    /// `Arm`.
    pub arm: Option<String>,
    /// `Policy`.
    pub policy_id: Option<String>,
    /// `Probability`: the probability with which the design drew this assignment, above 0 and at most 1.
    pub allocation_probability: Option<f64>,
}

impl Labels {
    /// Returns these labels, with missing ones taken from `others`.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let or = |mine: &Option<String>, other: &Option<String>| mine.as_ref().or(other.as_ref()).cloned();
        Self {
            experiment_id: or(&self.experiment_id, &others.experiment_id),
            arm: or(&self.arm, &others.arm),
            policy_id: or(&self.policy_id, &others.policy_id),
            allocation_probability: self.allocation_probability.or(others.allocation_probability),
        }
    }
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
            labels: [
                label("Experiment", columns.experiment)?,
                label("Arm", columns.arm)?,
                label("Policy", columns.policy)?,
            ],
            allocation_probability: optional(columns.probability).map(probability_of).transpose()?,
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
        Labels { experiment_id, arm, policy_id, allocation_probability: self.allocation_probability }
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
