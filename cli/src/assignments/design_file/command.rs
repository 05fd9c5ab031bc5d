//! `generate --design-file`: reads files and database, draws, checks or simulates, and writes.

use std::collections::BTreeSet;
use std::io::Write as _;

use chrono::{Days, NaiveDate};
use shared::db::Database;

use super::arguments::DesignArguments;
use super::balance_report;
use super::check::Check;
use super::design::Design;
use super::display::{CasePaths, DEMOGRAPHICS, Display};
use super::draw::{self, Reading};
use super::earlier::{self, First};
use super::format::SecondReadingTable;
use super::reports::{Checked, Generated};
use super::rows::Rows;
use super::sample::{Case, Found, Participant, Sample};
use super::simulate;
use super::strata::Strata;
use super::written::{self, Written};
use crate::assignments::export::COLUMNS;
use crate::case;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
use crate::report::{Ending, Report as _};

/// What `generate` takes for every kind of design.
pub struct Given {
    pub participants: BTreeSet<String>,
    pub participants_file: Option<Input>,
    pub cases: BTreeSet<i32>,
    pub seed: Option<String>,
    pub experiment: Option<String>,
    pub out: Option<Output>,
}

/// Everything that a draw needs.
struct Study {
    design: Design,
    sample: Sample,
    display: Display,
    experiment: String,
    second: Option<(SecondReadingTable, First)>,
}

pub async fn run(file: &Input, arguments: DesignArguments, given: Given, context: &Context) -> Result<Ending, Failure> {
    let design = Design::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let seed = given.seed.clone().or_else(|| design.seed.clone());
    if seed.is_none() && !arguments.after.is_empty() && arguments.check.is_none() {
        let problem = "--after goes on with a draw, and needs its seed";
        return Err(Failure::usage(problem).with_remedy("--seed SEED, or `seed` in the design file"));
    }
    let seed = seed.unwrap_or_else(|| sqlx::types::Uuid::new_v4().simple().to_string());
    let out = given.out.clone().unwrap_or_default();
    let db = context.database().await?;
    let study = Study::load(design, file, &arguments, given, &db).await?;
    if let Some(checked) = &arguments.check {
        return context.show(&study.check(&read(checked)?));
    }
    if let Some(simulations) = arguments.simulate {
        let simulations = usize::try_from(simulations).unwrap_or(usize::MAX);
        return simulate(&study, file, &seed, simulations, arguments.html.as_ref(), context);
    }
    let readings = study.draw(&seed).map_err(|problem| file.failure(problem))?;
    let mut lines = csv::Writer::from_writer(out.create(context)?);
    lines.write_record(COLUMNS)?;
    for reading in &readings {
        study.rows(reading).iter().try_for_each(|row| lines.write_record(row))?;
    }
    lines.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()?;
    let Study { design, sample, display, second, .. } = study;
    let arm_of_second = second.map(|(second, _)| second.arm);
    let generated = Generated::of(seed, &design, &sample, &readings, arm_of_second, display.notes);
    if out.is_stdout() {
        generated.write(&mut anstream::stderr())?;
        return Ok(Ending::Done);
    }
    context.show(&generated)
}

fn simulate(
    study: &Study,
    file: &Input,
    seed: &str,
    simulations: usize,
    html: Option<&Output>,
    context: &Context,
) -> Result<Ending, Failure> {
    if context.json && html.is_some_and(Output::is_stdout) {
        let both = Failure::usage("--json and the page cannot both go to standard output");
        return Err(both.with_remedy("name a file: --html FILE"));
    }
    let balance = simulate::simulate(&study.design, &study.sample, seed, simulations);
    let balance = balance.map_err(|problem| file.failure(problem))?;
    if let Some(out) = html {
        let mut page = out.open()?;
        page.write_all(balance_report::page(&balance)?.as_bytes())?;
        page.keep()?;
        if out.is_stdout() {
            return Ok(Ending::Done);
        }
    }
    context.show(&balance)
}

fn read(file: &Input) -> Result<Vec<Written>, Failure> {
    written::read(&file.read_text()?).map_err(|problem| file.failure(problem))
}

impl Study {
    async fn load(
        design: Design,
        file: &Input,
        arguments: &DesignArguments,
        given: Given,
        db: &Database,
    ) -> Result<Self, Failure> {
        let earlier = arguments.after.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let first = arguments.second_reading_of.as_ref().map(read).transpose()?;
        let case_strata = case_strata(&design, file, arguments.case_list.as_ref())?;
        let participant_strata = participant_strata(&design, file, given.participants_file.as_ref())?;
        let at = |problem: String| file.failure(problem);
        let (mut participants, mut cases) = (given.participants, given.cases);
        let known = participants.clone();
        match (&first, &arguments.case_list) {
            (Some(first), _) => cases = first.iter().map(|written| written.case).collect(),
            (_, Some(list)) => cases = listed_cases(&case_strata, list)?,
            _ => {}
        }
        if let Some(first) = &first {
            let users: BTreeSet<&str> = first.iter().map(|written| written.user.as_str()).collect();
            participants.retain(|email| users.contains(email.as_str()));
        }
        let assigned = earlier::users(&earlier);
        participants.retain(|email| !assigned.contains(email.as_str()));
        if first.is_none() {
            remove_excluded(&design, &mut participants, &mut cases).map_err(at)?;
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
            None => excluded(&design, &known, &participants, &cases).map_err(at)?,
            // who has not read a case does not read it again
            Some(_) => BTreeSet::new(),
        };
        let second = match (&first, &arguments.second_reading_of) {
            (Some(first), Some(first_file)) => {
                let table = design.second_reading.unwrap_or_default();
                if arguments.check.is_none() {
                    check_days(table, arguments.opens, first, first_file, db).await?;
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

    fn draw(&self, seed: &str) -> Result<Vec<Reading>, String> {
        match &self.second {
            Some((table, first)) => draw::draw_second(&self.design, &self.sample, *table, &first.readings, seed),
            None => draw::draw(&self.design, &self.sample, seed),
        }
    }

    fn rows(&self, reading: &Reading) -> Vec<super::rows::Cells> {
        let Self { design, sample, display, experiment, second } = self;
        let arm_of_second = second.as_ref().map(|(second, _)| second.arm);
        let key = (sample.participants[reading.participant].email.clone(), sample.cases[reading.case].id);
        let before = second.as_ref().and_then(|(_, first)| first.shown.get(&key));
        Rows { design, sample, display, experiment, second: arm_of_second }.of(reading, before)
    }

    fn check(&self, file: &[Written]) -> Checked {
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
    Strata::read(&participants.read_text()?, &["email", "Email", "User"], columns, key)
        .map_err(|problem| participants.failure(problem))
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

/// An exclusion without cases takes the participant out of the study, and one without a participant takes the cases out.
fn remove_excluded(
    design: &Design,
    participants: &mut BTreeSet<String>,
    cases: &mut BTreeSet<i32>,
) -> Result<(), String> {
    for (index, exclude) in design.exclude.iter().enumerate() {
        match (&exclude.participant, &exclude.cases) {
            (Some(participant), None) => {
                participants.remove(participant);
            }
            (None, Some(excluded)) => {
                if let Some(unknown) = excluded.iter().find(|case| !cases.remove(case)) {
                    return Err(format!("exclude[{index}].cases: {unknown} is none of the cases"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns who does not read what. Addresses are not repeated in errors.
fn excluded(
    design: &Design,
    known: &BTreeSet<String>,
    participants: &[Participant],
    cases: &[Case],
) -> Result<BTreeSet<(usize, usize)>, String> {
    let mut excluded = BTreeSet::new();
    for (index, exclude) in design.exclude.iter().enumerate() {
        match (&exclude.participant, &exclude.cases) {
            (None, None) => return Err(format!("exclude[{index}]: has neither participant nor cases")),
            (Some(participant), _) if !known.contains(participant) => {
                return Err(format!("exclude[{index}].participant: is none of the participants"));
            }
            (Some(participant), Some(without)) => {
                for id in without {
                    let case = cases.iter().position(|case| case.id == *id);
                    let case = case.ok_or_else(|| format!("exclude[{index}].cases: {id} is none of the cases"))?;
                    let participant = participants.iter().position(|one| one.email == *participant);
                    excluded.extend(participant.map(|participant| (participant, case)));
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
    Ok(excluded)
}

/// The inner result is what is wrong with the design.
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

/// A washout in days is one between the answer to the first reading and the day on which the second ones open.
async fn check_days(
    table: SecondReadingTable,
    opens: Option<NaiveDate>,
    first: &[Written],
    file: &Input,
    db: &Database,
) -> Result<(), Failure> {
    let days = table.washout_days;
    if days == 0 {
        return Ok(());
    }
    let Some(opens) = opens else {
        let problem = format!("second_reading.washout_days = {days}: from when on can second readings be done?");
        return Err(Failure::usage(problem).with_remedy("--opens YYYY-MM-DD"));
    };
    let users: Vec<&str> = first.iter().map(|written| written.user.as_str()).collect();
    let answered = sqlx::query!(
        r#"SELECT user_email AS "user_email!", case_id AS "case_id!", max(created_timestamp)::date AS "day!"
           FROM answer
           WHERE user_email = ANY($1) AND case_id IS NOT NULL AND created_timestamp IS NOT NULL
           GROUP BY user_email, case_id"#,
        &users as &[&str]
    );
    let answered = answered.fetch_all(db).await?;
    for written in first {
        let row = written.rows[0].line;
        let found = answered.iter().find(|one| one.user_email == written.user && one.case_id == written.case);
        let Some(answer) = found else {
            let problem = format!("row {row}: the first reading is not answered, so that no washout can begin");
            return Err(file
                .failure(problem)
                .with_remedy("take the rows of unanswered cases out of a copy of the file"));
        };
        let from = answer.day + Days::new(u64::from(days));
        if from > opens {
            let problem =
                format!("row {row}: was answered on {}, and {days} days of washout end on {from}", answer.day);
            return Err(file.failure(problem).with_remedy("choose a later day for --opens"));
        }
    }
    Ok(())
}
