//! `analysis`: one row per answer for the study's statistics. docs/export.md describes columns, units and sources.

mod address;
mod answered;
mod chosen;
mod columns;
mod feature;
mod option;
mod participant;
mod question;
mod report;
mod sample;
mod score;
mod survey;
mod unique;
mod validation;

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use clap::Args;
use export::value::{Field as _, Value};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use shared::time::StoredTime;
use sqlx::PgConnection;

use super::since::Since;
use super::source::{Opened, Source};
use super::write::{Destination, write};
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

pub use address::{is_in as has_address, is_one as is_address};
use answered::Answered;
pub use chosen::answer_text;
pub use columns::Described;
pub use feature::of_finding as feature_of;
use feature::{Backgrounds, Recorded};
pub use option::number as option_number;
pub use participant::id as participant_id;
use participant::{id_of_normalised, normalised};
use question::Questions;
pub use question::{Asked, add_new, asked, column as question_column, questionnaires};
use report::{Exported, Joined};
use sample::Sample;
use survey::{Survey, SurveyArguments};
use unique::unique;
use validation::Validation;

/// Number of answers in memory.
const ANSWERS_AT_A_TIME: usize = 200;

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    since: Since,
    #[command(flatten)]
    survey: SurveyArguments,
    /// Export only N random answers, to inspect the file before you export everything.
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
    /// Any text: the same data, number and seed select the same answers.
    #[arg(long, requires = "sample", default_value = "sample")]
    seed: String,
    /// Check the file against the database: number of rows, ranges and duplicates. Exits with 1 if something is wrong.
    #[arg(long, conflicts_with = "sample")]
    validate: bool,
    #[command(flatten)]
    destination: Destination,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let survey = arguments.survey.read()?;
    let mut analysis = Analysis { since: arguments.since.since, survey, ..Analysis::default() };
    analysis.sample = arguments.sample.map(|size| Sample::of(size, &arguments.seed));
    analysis.validation = arguments.validate.then(Validation::default);
    let written = write(&mut analysis, &arguments.destination, context).await?;
    let validated = analysis.validation.map(|validation| validation.findings(written.rows));
    let survey = analysis.survey.map(|survey| Joined {
        people: survey.people(),
        participants: analysis.participants.len(),
        found: analysis.found.len(),
        columns: survey.columns,
        left_out: survey.left_out,
        with_addresses: survey.with_addresses,
    });
    let unknown_options = analysis.unknown_options;
    let exported = Exported { written, unknown_options, survey, validated };
    arguments.destination.report(&exported, context)
}

#[derive(Default)]
struct Analysis {
    since: Option<DateTime<Utc>>,
    survey: Option<Survey>,
    features: BTreeSet<String>,
    questions: Questions,
    /// `user_id`s of all participants.
    participants: HashSet<u64>,
    /// `user_id`s of the participants in the survey.
    found: HashSet<u64>,
    unknown_options: u64,
    sample: Option<Sample>,
    validation: Option<Validation>,
}

impl Source for Analysis {
    fn resource(&self) -> &'static str {
        "analysis"
    }

    async fn open(&mut self, snapshot: &mut PgConnection, db: &Database) -> Result<Opened, Failure> {
        self.features = feature::of_study(snapshot, db).await?;
        self.questions = Questions::of_study(snapshot).await?;
        if let Some(survey) = &self.survey {
            let participants = answered::participants(snapshot, self.since).await?;
            require_a_match(survey, &participants)?;
        }
        let answers = answered::count(snapshot, self.since).await?;
        let rows = self.sample.as_mut().map_or(answers, |sample| sample.among(answers));
        self.validation.iter_mut().for_each(|validation| validation.answers = answers);
        let columns = self.columns().into_iter().map(|described| described.column);
        Ok(Opened { columns: columns.collect(), rows })
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        db: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut backgrounds = Backgrounds::in_snapshot(snapshot, db).await?;
        let mut batches = answered::in_order_of_cases(snapshot, self.since).try_chunks(ANSWERS_AT_A_TIME);
        while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
            let batch: Vec<_> = batch.into_iter().filter(|_| self.sample.as_mut().is_none_or(Sample::takes)).collect();
            let recorded = backgrounds.load(batch.iter().filter_map(|answer| answer.case_id)).await?;
            batch.iter().try_for_each(|answer| take(&self.row(answer, recorded)))?;
        }
        Ok(())
    }
}

impl Analysis {
    fn columns(&self) -> Vec<Described> {
        let shown = self.features.iter().map(|feature| columns::shown(feature));
        let values = self.features.iter().map(|feature| columns::value(feature));
        let survey = self.survey.iter().flat_map(|survey| &survey.columns).map(|name| columns::surveyed(name));
        let all = columns::of_case_and_time()
            .chain(shown)
            .chain([columns::score_shown()])
            .chain(values)
            .chain([columns::score()])
            .map(Described::from)
            .chain(self.questions.columns())
            .chain(survey.chain(columns::of_assignment()).map(Described::from));
        let mut taken = HashSet::new();
        all.map(|mut described| {
            described.column.name = unique(described.column.name.into_owned(), &mut taken).into();
            described
        })
        .collect()
    }

    fn row<'a>(&'a mut self, answer: &'a Answered, recorded: &Recorded) -> Vec<Value<'a>> {
        let email = answer.user_email.as_deref().map(normalised);
        let user_id = email.as_deref().map(id_of_normalised);
        let paths = answer.paths();
        let (shown, background) = (feature::shown(&paths, answer.case_id, recorded), recorded.of(answer.case_id));
        let (answers, unknown_options) = self.questions.answers(answer.answer.as_deref());
        let surveyed = self.survey.as_ref().map(|survey| survey.of(email.as_deref().unwrap_or_default()));
        self.unknown_options += unknown_options;
        self.validation.iter_mut().for_each(|validation| validation.count(answer, user_id));
        self.participants.extend(user_id);
        self.found.extend(user_id.filter(|_| surveyed.as_ref().is_some_and(Option::is_some)));

        let mut row = vec![
            answer.person_id.value(),
            user_id.map_or(Value::Null, Value::Unsigned),
            Value::Integer(answer.order_id),
            time(answer.case_open_time),
            time(answer.answer_open_time),
            time(answer.answer_submit_time),
            answer.to_answer_open_secs.value(),
            answer.to_submit_secs.value(),
            answer.total_duration_secs.value(),
            answer.age.value(),
            text(answer.gender.as_deref()),
        ];
        row.extend(self.features.iter().map(|feature| Value::Boolean(shown.contains_key(feature))));
        row.push(text(Some(if answer.ai_score_shown { "Yes" } else { "No" })));
        // the recorded value, or the shown one if the case was deleted
        let value = |feature: &String| {
            background.and_then(|background| background.get(feature)).or_else(|| shown.get(feature)).cloned()
        };
        row.extend(
            self.features.iter().map(|feature| value(feature).map_or(Value::Null, |value| Value::Text(value.into()))),
        );
        row.push(score::of(&paths, &answer.assessments).map_or(Value::Null, score::value));
        row.extend(answers);
        if let Some(survey) = &self.survey {
            let cells = surveyed.flatten();
            row.extend((0..survey.columns.len()).map(|column| text(cells.map(|cells| cells[column].as_str()))));
        }
        row.extend([
            text(answer.experiment_id.as_deref()),
            text(answer.arm.as_deref()),
            answer.rl_run_id.value(),
            text(answer.policy_id.as_deref()),
            answer.allocation_probability.value(),
        ]);
        row
    }
}

/// Returns the current columns of the file, without those of a survey.
pub async fn columns(snapshot: &mut PgConnection, db: &Database) -> Result<Vec<Described>, Failure> {
    let features = feature::of_study(snapshot, db).await?;
    let questions = Questions::of_study(snapshot).await?;
    Ok(Analysis { features, questions, ..Analysis::default() }.columns())
}

/// Refuses a survey without any participant: it belongs to another study, or its addresses differ from those of the accounts.
fn require_a_match(survey: &Survey, participants: &[String]) -> Result<(), Failure> {
    if participants.is_empty() || participants.iter().any(|email| survey.of(&normalised(email)).is_some()) {
        return Ok(());
    }
    let problem = format!(
        "none of the {} participants who have answered is among the {} people in column {} of the survey; no file was written",
        participants.len(),
        survey.people(),
        survey.address_column
    );
    Err(Failure::new(problem)
        .with_remedy("check that it is this study's survey; --survey-email selects another column with addresses"))
}

fn time<'a>(time: Option<StoredTime>) -> Value<'a> {
    time.and_then(StoredTime::utc).map_or(Value::Null, Value::TimestampUtc)
}

fn text(text: Option<&str>) -> Value<'_> {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, |text| Value::Text(text.into()))
}
