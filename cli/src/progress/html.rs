//! Renders the progress of a study as a self-contained page.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::Serialize;

use super::model::{Arm, Participant, Study, Work};
use super::plot::{Bars, Durations, Ranges, Value};
use super::state::State;
use super::words::{checks, count, percent, quartiles};
use crate::failure::Failure;
use crate::html_page;

/// Maximum answers listed in one line.
const MAX_LISTED_ANSWERS: usize = 20;

/// Maximum days in a plot.
const SHOWN_DAYS: u64 = 60;

/// Renders the page. Participants are ids unless addresses are requested, because pages are forwarded by mail.
pub fn page(study: &Study, with_addresses: bool) -> Result<String, Failure> {
    let page = Page::of(study, with_addresses);
    let template = concat!(include_str!("bars.html"), include_str!("report.html"));
    html_page::render(template, &page)
}

/// Data for the template.
#[derive(Serialize)]
struct Page {
    style: &'static str,
    at: String,
    stuck_after_days: u32,
    total: Line,
    last_week: String,
    expected_end: Option<String>,
    states: Vec<Count>,
    days: Option<Bars>,
    shares: Bars,
    durations: Option<Ranges>,
    arms: Vec<Line>,
    participants: Vec<Line>,
    contradictions: Vec<String>,
}

/// Number of participants in a state.
#[derive(Serialize)]
struct Count {
    state: State,
    words: &'static str,
    number: usize,
}

impl Page {
    fn of(study: &Study, with_addresses: bool) -> Self {
        let states = State::ALL.map(|state| Count { state, words: state.words(), number: study.count(state) });
        Self {
            style: include_str!("report.css"),
            at: study.at.format("%A, %-d %B %Y, %H:%M UTC").to_string(),
            stuck_after_days: study.stuck_after_days,
            total: Line::of(String::new(), &study.total),
            last_week: count(study.answers_of_last_week),
            expected_end: study.expected_end.map(|end| end.format("%-d %B %Y").to_string()),
            states: states.into_iter().filter(|count| count.number > 0).collect(),
            days: days(study),
            shares: Bars::of(&shares(&study.participants)),
            durations: durations(study),
            arms: study.arms.iter().map(|arm| Line::of(name_of(arm), &arm.work)).collect(),
            participants: study.participants.iter().map(|one| Line::of_participant(one, with_addresses)).collect(),
            contradictions: study.contradictions.sentences(MAX_LISTED_ANSWERS),
        }
    }
}

/// A row of a table.
#[derive(Serialize)]
struct Line {
    name: String,
    state: Option<State>,
    words: &'static str,
    answered: String,
    assigned: String,
    remaining: String,
    skipped: i64,
    percent: i64,
    case: String,
    answer: String,
    checks: String,
    checks_passed: u32,
    checks_failed: u32,
    last_answer: Option<String>,
}

impl Line {
    fn of_participant(participant: &Participant, with_addresses: bool) -> Self {
        let id = participant.id.map_or("no account".to_owned(), |id| id.to_string());
        let name = match &participant.email {
            Some(email) if with_addresses => format!("{id}, {email}"),
            _ => id,
        };
        Self {
            state: Some(participant.state),
            words: participant.state.words(),
            last_answer: participant.last_answer.map(|at| at.format("%F %H:%M").to_string()),
            ..Self::of(name, &participant.work)
        }
    }

    fn of(name: String, work: &Work) -> Self {
        Self {
            name,
            state: None,
            words: "",
            answered: count(work.answered),
            assigned: count(work.assigned),
            remaining: count(work.remaining),
            skipped: work.skipped,
            percent: percent(work.answered, work.assigned),
            case: quartiles(work.case_seconds),
            answer: quartiles(work.answer_seconds),
            checks: checks(work),
            checks_passed: work.checks_passed,
            checks_failed: work.checks_failed,
            last_answer: None,
        }
    }
}

fn name_of(arm: &Arm) -> String {
    let parts = [&arm.experiment_id, &arm.arm].into_iter().flatten().map(String::as_str);
    let name = parts.collect::<Vec<_>>().join(" · ");
    if name.is_empty() { "without an arm".to_owned() } else { name }
}

/// Returns two months until today, or until the last answer of a finished study.
fn days(study: &Study) -> Option<Bars> {
    let (first, last) = (study.days.first()?.day, study.days.last()?.day);
    let today = study.at.date_naive();
    let end = if last + Days::new(SHOWN_DAYS) < today { last } else { today.max(last) };
    let start = first.max(end - Days::new(SHOWN_DAYS - 1));
    let answers: BTreeMap<NaiveDate, i64> = study.days.iter().map(|day| (day.day, day.answers)).collect();
    let shown = start.iter_days().take_while(|day| *day <= end).map(|day| {
        let value = answers.get(&day).copied().unwrap_or_default();
        let title = format!("{}: {} answers", day.format("%A, %-d %B"), count(value));
        Value { value, label: day.format("%-d %b").to_string(), title }
    });
    Some(Bars::of(&shown.collect::<Vec<_>>()))
}

/// Counts participants by the share of their assignments that they have answered, in tenths; complete ones have a bar of their own.
fn shares(participants: &[Participant]) -> Vec<Value> {
    let assigned = participants.iter().filter(|one| one.work.assigned > 0);
    let tenths: Vec<i64> = assigned.map(|one| percent(one.work.answered, one.work.assigned) / 10).collect();
    let bars = (0..=10).map(|tenth| {
        let value = i64::try_from(tenths.iter().filter(|other| **other == tenth).count()).unwrap_or(i64::MAX);
        let label = if tenth == 10 { "100 %".to_owned() } else { format!("{}–{} %", tenth * 10, tenth * 10 + 9) };
        let title = format!("{label}: {value} participants");
        Value { value, label, title }
    });
    bars.collect()
}

fn durations(study: &Study) -> Option<Ranges> {
    study.total.case_seconds?;
    let row = |name: String, work: &Work| Durations { name, case: work.case_seconds, answer: work.answer_seconds };
    let mut rows = vec![row("All".to_owned(), &study.total)];
    if study.arms.len() > 1 {
        rows.extend(study.arms.iter().map(|arm| row(name_of(arm), &arm.work)));
    }
    Some(Ranges::of(rows))
}
