//! A design together with its participants, cases and earlier files, from database and files.

use std::collections::BTreeSet;

use shared::db::Database;

use super::arguments::DesignArguments;
use super::comparison::Check;
use super::design::Design;
use super::display::{CasePaths, DEMOGRAPHICS, Display};
use super::draw::{self, Reading};
use super::earlier::{self, First};
use super::exclusions;
use super::format::SecondReadingTable;
use super::reports::Checked;
use super::rows::{Cells, Rows};
use super::sample::{Case, Found, Participant, Sample};
use super::strata::Strata;
use super::washout;
use super::written::{self, Written};
use crate::case;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
use crate::people::ADDRESS;

/// Arguments of `generate` that every kind of design uses.
pub struct Given {
    pub participants: BTreeSet<String>,
    pub participants_file: Option<Input>,
    pub cases: BTreeSet<i32>,
    pub seed: Option<String>,
    pub experiment: Option<String>,
    pub out: Option<Output>,
}

/// All inputs of a draw.
pub struct Study {
    pub design: Design,
    pub sample: Sample,
    pub display: Display,
    experiment: String,
    pub second: Option<(SecondReadingTable, First)>,
}

/// Reads an assignment file.
pub fn read(file: &Input) -> Result<Vec<Written>, Failure> {
    written::read(&file.read_text()?).map_err(|problem| file.failure(problem))
}

impl Study {
    /// Loads the inputs of a design, and checks the design against them.
    pub async fn load(
        design: Design,
        file: &Input,
        arguments: &DesignArguments,
        given: Given,
        db: &Database,
    ) -> Result<Self, Failure> {
        let earlier = arguments.after.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut first = arguments.second_reading_of.as_ref().map(read).transpose()?;
        let case_strata = case_strata(&design, file, arguments.case_list.as_ref())?;
        let participant_strata = participant_strata(&design, file, given.participants_file.as_ref())?;
        let at = |problem: String| file.failure(problem);
        let (mut participants, mut cases) = (given.participants, given.cases);
        let known = participants.clone();
        if let Some(first) = &mut first {
            first.retain(|written| known.contains(&written.user));
            let users: BTreeSet<&str> = first.iter().map(|written| written.user.as_str()).collect();
            participants.retain(|email| users.contains(email.as_str()));
        }
        match (&first, &arguments.case_list) {
            (Some(first), _) => cases = first.iter().map(|written| written.case).collect(),
            (_, Some(list)) => cases = listed_cases(&case_strata, list)?,
            _ => {}
        }
        let assigned = earlier::users(&earlier);
        participants.retain(|email| !assigned.contains(email.as_str()));
        if first.is_none() {
            exclusions::take_out(&design, &mut participants, &mut cases).map_err(at)?;
        }
        if participants.is_empty() || cases.is_empty() {
            let what = if participants.is_empty() { "participants" } else { "cases" };
            return Err(file.failure(format!("there are no {what} to assign")));
        }
        let display = display(&design, &cases, db).await?.map_err(at)?;
        let cases = strata_of_cases(&design, &cases, &case_strata, &display).map_err(at)?;
        let names = participant_strata.names();
        let in_stratum = |email: String| {
            let stratum = participant_strata.of(&email, &names);
            let stratum = stratum.ok_or("strata.participants: a participant is not in the file of participants")?;
            Ok(Participant { email, stratum })
        };
        let participants = participants.into_iter().map(in_stratum).collect::<Result<Vec<_>, String>>().map_err(at)?;
        let taken = earlier::taken(&earlier, &cases, &participant_strata, &names).map_err(at)?;
        let excluded = match &first {
            None => exclusions::pairs(&design, &known, &participants, &cases).map_err(at)?,
            // participants without a first reading have no second one
            Some(_) => BTreeSet::new(),
        };
        let second = match (&first, &arguments.second_reading_of) {
            (Some(first), Some(first_file)) => {
                let table = design.second_reading.unwrap_or_default();
                if arguments.check.is_none() {
                    washout::check_days(table, arguments.opens, first, first_file, db).await?;
                }
                let first = earlier::first(first, &design, &participants, &cases);
                Some((table, first.map_err(|problem| first_file.failure(problem))?))
            }
            _ => None,
        };
        let found = Found { participants, participant_strata: names, cases, excluded, taken };
        let sample = match &second {
            Some((_, first)) => Sample::of_second(&design, found, first.most()),
            None => Sample::new(&design, found),
        };
        let sample = sample.map_err(at)?;
        let experiment = given.experiment.or_else(|| design.experiment.clone()).unwrap_or_default();
        Ok(Self { design, sample, display, experiment, second })
    }

    /// Draws first or second readings.
    ///
    /// # Errors
    /// Why the design cannot be drawn.
    pub fn draw(&self, seed: &str) -> Result<Vec<Reading>, String> {
        match &self.second {
            Some((table, first)) => draw::draw_second(&self.design, &self.sample, *table, &first.readings, seed),
            None => draw::draw(&self.design, &self.sample, seed),
        }
    }

    /// Returns the rows of a reading.
    pub fn rows(&self, reading: &Reading) -> Vec<Cells> {
        let Self { design, sample, display, experiment, second } = self;
        let arm_of_second = second.as_ref().map(|(second, _)| second.arm);
        let key = (sample.participants[reading.participant].email.clone(), sample.cases[reading.case].id);
        let before = second.as_ref().and_then(|(_, first)| first.shown.get(&key));
        Rows { design, sample, display, experiment, second: arm_of_second }.of(reading, before)
    }

    /// Checks whether the design could have produced a file.
    pub fn check(&self, file: &[Written]) -> Checked {
        let Self { design, sample, display, experiment, second } = self;
        let second = second.as_ref().map(|(second, first)| (*second, first.readings.as_slice()));
        let check = Check { design, sample, display, experiment, second };
        Checked { assignments: file.len(), problems: check.problems(file) }
    }
}

fn participant_strata(design: &Design, file: &Input, participants: Option<&Input>) -> Result<Strata, Failure> {
    let (key, columns) = ("strata.participants", &design.strata.participants);
    if columns.is_empty() {
        return Ok(Strata::none());
    }
    let Some(participants) = participants else {
        let problem = format!("{key}: accounts have no such columns");
        return Err(file.failure(problem).with_remedy("--participants FILE, a CSV file with them"));
    };
    Strata::read(&participants.read_text()?, &ADDRESS, columns, key).map_err(|problem| participants.failure(problem))
}

fn case_strata(design: &Design, file: &Input, list: Option<&Input>) -> Result<Strata, Failure> {
    let (key, columns) = ("strata.cases", &design.strata.cases);
    match list {
        Some(list) => Strata::read(&list.read_text()?, &["case_id", "Case No.", "visit_occurrence_id"], columns, key)
            .map_err(|problem| list.failure(problem)),
        None if columns.is_empty() => Ok(Strata::none()),
        None => {
            let problem = format!("{key}: there is no file that has these columns");
            Err(file.failure(problem).with_remedy("--case-list FILE, a CSV file with them and a column case_id"))
        }
    }
}

fn listed_cases(strata: &Strata, list: &Input) -> Result<BTreeSet<i32>, Failure> {
    let number = |key: &str| key.parse().map_err(|_| list.failure("column case_id: a cell is not an integer"));
    strata.keys().map(number).collect()
}

/// Loads the paths of the cases. The inner result is what is wrong with the design.
async fn display(design: &Design, cases: &BTreeSet<i32>, db: &Database) -> Result<Result<Display, String>, Failure> {
    let ids: Vec<i32> = cases.iter().copied().collect();
    let loaded = case::load(&ids, db).await?;
    let mut paths = Vec::new();
    for &id in &ids {
        case::known(id, &loaded)?;
        let listed = loaded.paths(id).into_iter();
        let demographics = DEMOGRAPHICS.into_iter().filter(|path| loaded.is_named(id, path)).map(str::to_owned);
        let loaded = &loaded;
        let is_named = Box::new(move |path: &str| loaded.is_named(id, path));
        paths.push(CasePaths { id, paths: demographics.chain(listed).collect(), is_named });
    }
    Ok(Display::of(design, &paths))
}

fn strata_of_cases(
    design: &Design,
    cases: &BTreeSet<i32>,
    strata: &Strata,
    display: &Display,
) -> Result<Vec<Case>, String> {
    let names = strata.names();
    let case = |(index, &id): (usize, &i32)| {
        let stratum = strata.of(&id.to_string(), &names);
        let stratum = stratum.ok_or_else(|| format!("strata.cases: case {id} is not in the list of cases"))?;
        let has = (0..design.factors.len()).map(|factor| display.has(index, factor)).collect();
        Ok(Case { id, stratum, has })
    };
    cases.iter().enumerate().map(case).collect()
}
