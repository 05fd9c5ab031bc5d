//! `study agreement`: calculates how much participants agree, and how often they are right.
//!
//! [`answers`] reads answers, [`question`] and [`scale`] define possible answers, [`arm`] builds tables, [`figure`] calculates.

mod answers;
mod arm;
mod figure;
mod imrmc;
mod question;
mod report;
mod scale;
mod truth;

use std::collections::HashSet;
use std::io::Write as _;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::export::{questionnaires, record};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
use crate::random::SeededRng;
use crate::report::Ending;
use crate::study::statistics::{Case, Resampling, intervals};

use answers::Answers;
use arm::Arm;
use figure::{Figure, OF_ACCURACY, OF_AGREEMENT, Setting};
use report::{Agreement, Answer, ArmFigures, LeftOut, Shown};
use scale::Scale;
use truth::Truths;

#[derive(Debug, Args)]
#[command(after_help = figure::help())]
pub struct Arguments {
    /// The question: its title, its column in `export analysis`, or a part of its title.
    question: String,
    /// Only answers of this experiment.
    #[arg(long, value_name = "ID")]
    experiment: Option<String>,
    /// Options are ordered as in the questionnaire. Numeric options are always ordered by number.
    #[arg(long)]
    ordered: bool,
    /// Number of resamples for the intervals; 0 for no intervals.
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    resamples: u32,
    /// The share of resamples within an interval.
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = share)]
    confidence: f64,
    /// Any text: the same answers and seed produce the same intervals.
    #[arg(long, default_value = "agreement")]
    seed: String,
    /// The cases with the condition: CSV with the columns `case_id` and `truth` (1 or 0). - is standard input.
    #[arg(long, value_name = "FILE")]
    truth: Option<Input>,
    /// A positive answer, which says that the condition is present; may be repeated.
    #[arg(long, value_name = "ANSWER", requires = "truth")]
    positive: Vec<String>,
    /// This answer and all above it are positive.
    #[arg(long, value_name = "ANSWER", requires = "truth", conflicts_with = "positive")]
    positive_from: Option<String>,
    /// Also write the answers to cases with a truth as an input file of iMRMC.
    #[arg(long, value_name = "FILE", requires = "truth")]
    imrmc: Option<Output>,
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share: &f64| *share > 0.0 && *share < 1.0);
    share.ok_or("not between 0 and 1, as 0.95 is")
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    if arguments.imrmc.as_ref().is_some_and(Output::is_stdout) {
        return Err(Failure::usage("--imrmc - and the figures cannot both go to standard output")
            .with_remedy("name a file: --imrmc FILE"));
    }
    let truths = arguments.truth.as_ref().map(|file| {
        let text = file.read_text()?;
        Truths::parse(&text).map_err(|problem| file.failure(problem))
    });
    let truths = truths.transpose()?;

    let db = context.reads().await?;
    let mut snapshot = Box::pin(db.begin_with(export::SNAPSHOT)).await?;
    let questions = question::of_questionnaires(&questionnaires(&mut snapshot).await?);
    let question = question::find(&questions, &arguments.question).map_err(Failure::usage)?;
    let answers = answers::read(&mut snapshot, question, arguments.experiment.as_deref()).await?;
    snapshot.rollback().await?;

    if answers.given.is_empty() {
        return Err(Failure::new(format!("nobody has answered: {}", question.title)));
    }
    let texts: Vec<&str> = answers.given.iter().map(|one| one.answer.as_str()).collect();
    let scale = Scale::of(question, &texts, arguments.ordered).map_err(|problem| {
        Failure::new(format!("{}: {problem}", question.title)).with_remedy("agreement needs options or numbers")
    })?;
    let positive = positive(&arguments, &scale)?;
    let arms = arm::tables(&answers.given, &scale, truths.as_ref());
    if let Some(output) = &arguments.imrmc {
        write_imrmc(output, &question.title, &arms, &scale, context).await?;
    }
    let has_truth = truths.is_some();
    let figures: Vec<Figure> = OF_AGREEMENT.into_iter().chain(OF_ACCURACY.into_iter().filter(|_| has_truth)).collect();
    let report = Agreement {
        question: question.title.clone(),
        answers: values(&scale),
        order: scale.words(),
        resamples: arguments.resamples as usize,
        confidence: arguments.confidence,
        arms: arms.iter().map(|arm| of_arm(arm, &figures, &scale, positive.as_deref(), &arguments)).collect(),
        left_out: left_out(&answers, &scale, truths.as_ref()),
        definitions: figures.iter().map(|figure| (*figure, figure.definition())).collect(),
        positive: positive.map(|positive| {
            let labels = scale.labels().iter().zip(positive).filter(|(_, is_positive)| *is_positive);
            labels.map(|(label, _)| label.clone()).collect()
        }),
        seed: arguments.seed,
    };
    context.show(&report)
}

fn values(scale: &Scale) -> Vec<Answer> {
    let number = |place| scale.numbers().map(|numbers: &[f64]| numbers[place]);
    let labels = scale.labels().iter().enumerate();
    labels.map(|(place, label)| Answer { answer: label.clone(), number: number(place) }).collect()
}

fn positive(arguments: &Arguments, scale: &Scale) -> Result<Option<Vec<bool>>, Failure> {
    let (chosen, from) = (&arguments.positive, arguments.positive_from.as_deref());
    if chosen.is_empty() && from.is_none() {
        return Ok(None);
    }
    scale.positive(chosen, from).map(Some).map_err(Failure::usage)
}

fn of_arm(
    arm: &Arm,
    figures: &[Figure],
    scale: &Scale,
    positive: Option<&[bool]>,
    arguments: &Arguments,
) -> ArmFigures {
    let setting = Setting { readers: arm.participants.len(), scale, positive };
    let (experiment_id, name) = arm.key.clone().unwrap_or_default();
    let calculate = |cases: &[&Case]| figures.iter().map(|figure| figure.of(cases, &setting)).collect::<Vec<_>>();
    let values = calculate(&arm.cases.iter().collect::<Vec<_>>());
    // each arm has its own random stream, so that adding an arm does not change the others
    let mut rng = SeededRng::from_seed(&format!("{}\n{}", arguments.seed, arm.stream()));
    let resampling = Resampling { resamples: arguments.resamples as usize, confidence: arguments.confidence };
    let intervals = intervals(&arm.cases, resampling, &mut rng, calculate);
    let shown = figures.iter().zip(values).enumerate().map(|(place, (figure, value))| {
        Shown::of(*figure, value, intervals.get(place).copied(), figure.why_not(&setting))
    });
    ArmFigures {
        is_all: arm.key.is_none(),
        experiment_id,
        arm: name,
        participants: arm.participants.len(),
        cases: arm.cases.len(),
        cases_of_several_participants: arm.cases_of_several(),
        cases_of_all_participants: arm.cases_of_all(),
        answers: arm.answers(),
        repeated_answers: arm.repeated,
        figures: shown.collect(),
    }
}

fn left_out(answers: &Answers, scale: &Scale, truths: Option<&Truths>) -> LeftOut {
    let cases: HashSet<i32> = answers.given.iter().map(|one| one.case_id).collect();
    LeftOut {
        empty: answers.empty,
        nameless: answers.nameless,
        unknown: answers.given.iter().filter(|one| scale.category(&one.answer).is_none()).count(),
        cases_without_truth: truths.map(|truths| cases.iter().filter(|case| truths.of(**case).is_none()).count()),
        truths_without_answer: truths.map(|truths| truths.cases().filter(|case| !cases.contains(case)).count()),
    }
}

/// Writes the iMRMC file, and records in the audit trail that answers leave the database.
async fn write_imrmc(
    output: &Output,
    question: &str,
    arms: &[Arm],
    scale: &Scale,
    context: &Context,
) -> Result<(), Failure> {
    let (text, answers) = imrmc::file(question, arms, scale).map_err(Failure::new)?;
    let mut file = output.open()?;
    file.write_all(text.as_bytes())?;
    record("imrmc", json!({ "rows": answers }), &context.database().await?, context).await?;
    file.keep()
}
