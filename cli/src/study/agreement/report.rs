//! Reports `study agreement`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::figure::Figure;
use crate::report::Report;
use crate::study::statistics::Interval;
use crate::table;

#[derive(Serialize)]
pub struct Agreement {
    pub question: String,
    /// The question's values, ordered if they have an order.
    pub answers: Vec<Answer>,
    pub order: &'static str,
    /// The positive answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<Vec<String>>,
    pub resamples: usize,
    pub confidence: f64,
    pub seed: String,
    pub arms: Vec<ArmFigures>,
    pub left_out: LeftOut,
    pub definitions: BTreeMap<Figure, &'static str>,
}

/// A value of the question, and its number for calculations.
#[derive(Serialize)]
pub struct Answer {
    pub answer: String,
    pub number: Option<f64>,
}

/// Answers and cases that are not counted.
#[derive(Serialize)]
pub struct LeftOut {
    pub empty: usize,
    pub nameless: usize,
    /// Answers that are not one of the options.
    pub unknown: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases_without_truth: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truths_without_answer: Option<usize>,
}

/// The figures of an arm.
#[derive(Serialize)]
pub struct ArmFigures {
    /// Whether these are the answers of all arms.
    pub is_all: bool,
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub participants: usize,
    pub cases: usize,
    pub cases_of_several_participants: usize,
    pub cases_of_all_participants: usize,
    pub answers: usize,
    pub repeated_answers: usize,
    pub figures: Vec<Shown>,
}

/// A figure of an arm.
#[derive(Serialize)]
pub struct Shown {
    pub figure: Figure,
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Why there is no value, or no interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<&'static str>,
}

const NO_INTERVAL: &str = "no interval: more than 5 % of the resamples do not define it";

impl Shown {
    /// Creates the report; `interval` is `None` if no resamples were drawn.
    pub fn of(figure: Figure, value: Option<f64>, interval: Option<Option<Interval>>, why_not: &'static str) -> Self {
        let why_no_interval = interval.filter(Option::is_none).map(|_| NO_INTERVAL);
        let (low, high) =
            interval.flatten().filter(|_| value.is_some()).map(|Interval { low, high }| (low, high)).unzip();
        let why_not = if value.is_none() { Some(why_not) } else { why_no_interval };
        Self { figure, value, low, high, why_not }
    }
}

impl Report for Agreement {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.question)?;
        let answers: Vec<String> = self.answers.iter().map(Answer::words).collect();
        writeln!(out, "answers ({}): {}", self.order, answers.join(", "))?;
        if let Some(positive) = &self.positive {
            writeln!(out, "positive: {}", positive.join(", "))?;
        }
        for arm in &self.arms {
            writeln!(out, "\n{}", arm.heading())?;
            writeln!(out, "{}", arm.table(self.confidence))?;
        }
        writeln!(out)?;
        for (figure, definition) in &self.definitions {
            writeln!(out, "{}: {definition}", figure.name())?;
        }
        match self.resamples {
            0 => {}
            resamples => writeln!(
                out,
                "intervals: percentiles of {resamples} bootstrap resamples of cases, participants fixed, seed {}",
                self.seed
            )?,
        }
        self.left_out.write(out)
    }
}

impl Answer {
    fn words(&self) -> String {
        let number = self.number.map(|number| number.to_string()).filter(|number| *number != self.answer);
        number.map_or_else(|| self.answer.clone(), |number| format!("{} = {number}", self.answer))
    }
}

impl ArmFigures {
    fn heading(&self) -> String {
        let parts: Vec<&str> = [&self.experiment_id, &self.arm].into_iter().flatten().map(String::as_str).collect();
        let name = match (self.is_all, parts.is_empty()) {
            (true, _) => "all answers".to_owned(),
            (false, true) => "without an arm".to_owned(),
            (false, false) => parts.join(", "),
        };
        let repeated = match self.repeated_answers {
            0 => String::new(),
            some => format!("; {some} more to a case that the participant had answered before"),
        };
        format!(
            "{name}: {} answers of {} participants to {} cases, {} of them answered by two or more, {} by all{repeated}",
            self.answers,
            self.participants,
            self.cases,
            self.cases_of_several_participants,
            self.cases_of_all_participants
        )
    }

    fn table(&self, confidence: f64) -> comfy_table::Table {
        let number = |number: f64| format!("{number:.3}");
        let rows = self.figures.iter().map(|shown| {
            let interval = shown.low.zip(shown.high).map(|(low, high)| format!("{low:.3} to {high:.3}"));
            let value = shown.value.map_or_else(|| "-".to_owned(), number);
            let last = interval.or(shown.why_not.map(str::to_owned)).unwrap_or_default();
            [shown.figure.name().to_owned(), value, last]
        });
        table::of(["figure", "value", &format!("{} % interval", confidence * 100.0)], rows)
    }
}

impl LeftOut {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (count, what) in [
            (self.empty, "rows of answers leave the question empty"),
            (self.nameless, "answers name no case or no participant"),
            (self.unknown, "answers are not among the options"),
            (self.cases_without_truth.unwrap_or_default(), "cases with answers have no truth"),
            (self.truths_without_answer.unwrap_or_default(), "cases of the truth have no answer"),
        ] {
            if count > 0 {
                writeln!(out, "left out: {count} {what}")?;
            }
        }
        Ok(())
    }
}
