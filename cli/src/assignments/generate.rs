//! `generate`: writes a file of assignments from participants, cases, and arms or a design file.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use shared::db::Database;

use super::arm_rows::ArmRows;
use super::arms::{self, Arms};
use super::design::{self, Design, Size, Slot};
use super::design_file;
use super::file_rows::COLUMNS;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
use crate::random::SeededRng;
use crate::report::{Ending, Report};
use crate::{people, table};

const AFTER_HELP: &str = "\
Arms are a CSV file: which paths each arm shows, and how. `*` matches anything, so that one row fits every case; a path
without it has to exist in some case, and is left out of the others.

  Arm,Path,Collapse,Highlight,Top
  plain,BACKGROUND.*,,,
  ai-score,BACKGROUND.*,,,
  ai-score,RISK ASSESSMENT.*,,,
  emphasis,BACKGROUND.Family History.*,FALSE,TRUE,1

The same participants, cases, arms and seed always produce the same file. Nothing is stored: check the file
(`augmed case show --file F --row N`, `augmed assignments preview F`), then `augmed assignments upload F`.

Examples:
  augmed assignments generate --arms arms.csv --seed main-study --out assignments.csv
  augmed assignments generate --arms arms.csv --participants people.csv --cases 101,102,103,104 --cases-per-participant 2
  augmed assignments generate --arms arms.csv --design between --out assignments.csv
  augmed assignments generate --design-file study.toml --participants people.csv --simulate 1000 --html balance.html
  augmed assignments generate --design-file study.toml --participants people.csv --out assignments.csv
  augmed assignments generate --design-file study.toml --participants people.csv --check assignments.csv";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The arms (CSV), or - for standard input.
    #[arg(long, value_name = "FILE", required_unless_present = "design_file")]
    arms: Option<Input>,
    #[command(flatten)]
    design_file: design_file::DesignArguments,
    /// Addresses: CSV with a column `email` or `User`, or one per line. Default: all invited or active accounts except administrators.
    #[arg(long, value_name = "FILE")]
    participants: Option<Input>,
    /// `visit_occurrence_id`s, separated by commas. Default: all visits.
    #[arg(long, value_delimiter = ',')]
    cases: Vec<i32>,
    /// Number of cases that each participant reads. Default: all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    cases_per_participant: Option<u32>,
    /// Whether every participant reads in every arm, or in one.
    #[arg(long, value_enum, default_value_t)]
    design: Design,
    /// Any text: the same seed produces the same file. Default: a random seed, which is printed.
    #[arg(long)]
    seed: Option<String>,
    /// Experiment of all assignments.
    #[arg(long)]
    experiment: Option<String>,
    /// Output file. Default, or with -: standard output.
    #[arg(long, short, visible_alias = "output")]
    out: Option<Output>,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let Some(arms_file) = &arguments.arms else { return run_design_file(arguments, &db, context).await };
    let (arms, note) = arms::read(arms_file)?;
    // sorted, so that the order of the input does not matter
    let participants: Vec<String> = participants(arguments.participants.as_ref(), &db).await?.into_iter().collect();
    let cases: Vec<i32> = cases(&arguments.cases, &db).await?.into_iter().collect();
    let all = u32::try_from(cases.len()).unwrap_or(u32::MAX);
    let each = arguments.cases_per_participant.unwrap_or(all);
    if each > all {
        let problem = format!("--cases-per-participant {each}: there are {all} cases");
        return Err(Failure::usage(problem).with_remedy("nobody reads a case twice"));
    }
    let seed = arguments.seed.unwrap_or_else(|| sqlx::types::Uuid::new_v4().simple().to_string());
    let shown = ArmRows::of(&arms, &cases, arms_file, &db).await?;
    let size = Size {
        participants: participants.len(),
        cases: cases.len(),
        arms: arms.len(),
        cases_per_participant: usize::try_from(each).unwrap_or_default(),
    };
    let slots = design::slots(arguments.design, size, &mut SeededRng::from_seed(&seed));
    let probability = design::allocation_probability(size).to_string();
    let out = arguments.out.unwrap_or_default();
    let mut file = csv::Writer::from_writer(out.create(context)?);
    file.write_record(COLUMNS)?;
    for slot in &slots {
        let arm = arms.get_index(slot.arm).map_or("", |(arm, _)| arm);
        let case_id = cases[slot.case].to_string();
        for (path, [collapse, highlight, top]) in &shown.rows[&(slot.arm, slot.case)] {
            let experiment = arguments.experiment.as_deref().unwrap_or_default();
            let participant = &participants[slot.participant];
            file.write_record([
                participant,
                &case_id,
                path,
                collapse,
                highlight,
                top,
                experiment,
                arm,
                "",
                &probability,
            ])?;
        }
    }
    file.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()?;
    let note = note.map(|note| format!("{arms_file}: row 1: {note}"));
    let notes = note.into_iter().chain(shown.notes).collect();
    let generated = Generated::of(seed, &arms, size, &slots, notes);
    if out.is_stdout() {
        generated.write(&mut anstream::stderr())?;
        return Ok(Ending::Done);
    }
    context.show(&generated)
}

async fn run_design_file(arguments: Arguments, db: &Database, context: &Context) -> Result<Ending, Failure> {
    let Some(file) = arguments.design_file.design_file.clone() else {
        return Err(Failure::usage("--arms or --design-file has to be given"));
    };
    let has_own_cases = arguments.design_file.case_list.is_some() || arguments.design_file.second_reading_of.is_some();
    let given = design_file::Given {
        participants: participants(arguments.participants.as_ref(), db).await?,
        participants_file: arguments.participants,
        cases: if has_own_cases { BTreeSet::new() } else { cases(&arguments.cases, db).await? },
        seed: arguments.seed,
        experiment: arguments.experiment,
        out: arguments.out,
    };
    design_file::run(&file, arguments.design_file, given, context).await
}

async fn participants(file: Option<&Input>, db: &Database) -> Result<BTreeSet<String>, Failure> {
    let participants: BTreeSet<String> = if let Some(file) = file {
        people::read(file)?.into_iter().map(|person| person.email).collect()
    } else {
        let invited_or_active = sqlx::query_scalar!(
            r#"SELECT email FROM "user" WHERE admin_flag IS NOT TRUE AND (active OR password IS NULL)"#
        );
        invited_or_active.fetch_all(db).await?.into_iter().collect()
    };
    if participants.is_empty() {
        return Err(
            Failure::new("there are no participants").with_remedy("augmed users invite, or --participants FILE")
        );
    }
    Ok(participants)
}

async fn cases(given: &[i32], db: &Database) -> Result<BTreeSet<i32>, Failure> {
    if !given.is_empty() {
        return Ok(given.iter().copied().collect());
    }
    let all = sqlx::query_scalar!("SELECT visit_occurrence_id FROM visit_occurrence").fetch_all(db).await?;
    if all.is_empty() {
        return Err(
            Failure::new("there are no cases: visit_occurrence is empty").with_remedy("augmed load clinical DIR")
        );
    }
    Ok(all.into_iter().collect())
}

#[derive(Serialize)]
struct Generated {
    seed: String,
    participants: usize,
    cases: usize,
    cases_per_participant: usize,
    assignments: usize,
    /// Number of assignments by arm.
    arms: BTreeMap<String, usize>,
    notes: Vec<String>,
}

impl Generated {
    fn of(seed: String, arms: &Arms, size: Size, slots: &[Slot], notes: Vec<String>) -> Self {
        let in_arm = |arm: usize| slots.iter().filter(|slot| slot.arm == arm).count();
        Self {
            seed,
            participants: size.participants,
            cases: size.cases,
            cases_per_participant: size.cases_per_participant,
            assignments: slots.len(),
            arms: arms.keys().enumerate().map(|(index, arm)| (arm.clone(), in_arm(index))).collect(),
            notes,
        }
    }
}

impl Report for Generated {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
        let rows = self.arms.iter().map(|(arm, count)| [arm.clone(), count.to_string()]);
        writeln!(out, "{}", table::of(["arm", "assignments"], rows))?;
        let Self { participants, cases, cases_per_participant, .. } = self;
        writeln!(
            out,
            "{participants} participants read {cases_per_participant} of {cases} cases each; seed: {}",
            self.seed
        )
    }
}
