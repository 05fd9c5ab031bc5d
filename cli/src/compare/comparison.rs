//! Asks both systems everything, a few questions at a time.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Mutex;

use super::answer::Reply;
use super::client::{Credentials, System};
use super::difference::Difference;
use super::exports::{self, EXPORTS, Export};
use super::journal::Journal;
use super::outcome::{Outcome, Verdict, judge};
use super::question::{Caller, Question};
use super::questions;
use super::study::Study;
use crate::failure::Failure;
use crate::waiting::Bar;

/// How long to wait before a question is asked again that was answered differently: a participant may have answered in between.
const AGAIN: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(2)];

/// Two systems, and how to ask them.
pub struct Comparison {
    pub old: System,
    pub new: System,
    pub credentials: Credentials,
    pub concurrency: usize,
    /// Rows of a page of an export.
    pub page: u64,
    pub show_values: bool,
    pub journal: Mutex<Journal>,
}

impl Comparison {
    /// Fails where one of the systems is not there.
    pub async fn reach_both(&self) -> Result<(), Failure> {
        let health = Question::get("GET /api/healthcheck", "both", "/api/healthcheck", Caller::Nobody);
        for (name, system) in [("--old", &self.old), ("--new", &self.new)] {
            match system.ask(&health, &self.credentials).await.0 {
                Ok(answer) if answer.is_success() => {}
                _ => return Err(Failure::new(format!("the system of {name} does not answer GET /api/healthcheck"))),
            }
        }
        Ok(())
    }

    /// Asks every question about `study`; outcomes come in the order of the answers.
    pub async fn ask_all(&self, study: &Study) -> Result<Vec<Outcome>, Failure> {
        let questions = questions::all(study);
        let mut bar = Bar::new("comparing", questions.len() as u64);
        let mut asked = futures_util::stream::iter(questions.iter().map(|question| self.asked(question)))
            .buffer_unordered(self.concurrency);
        let mut outcomes = Vec::with_capacity(questions.len());
        while let Some(outcome) = asked.next().await {
            outcomes.push(outcome?);
            bar.step();
        }
        for export in &EXPORTS {
            outcomes.extend(self.walk(export).await?);
        }
        Ok(outcomes)
    }

    /// Asks a question, unless the journal has its outcome.
    async fn asked(&self, question: &Question) -> Result<Outcome, Failure> {
        let known = self.journal.lock().await.outcome(&question.key()).cloned();
        match known {
            Some(outcome) => Ok(outcome),
            None => Ok(self.compare(question).await?.0),
        }
    }

    /// Puts the question to both at once, and again as long as the answers differ and the study may have moved on.
    async fn compare(&self, question: &Question) -> Result<(Outcome, [Reply; 2]), Failure> {
        let mut first = None;
        for pause in AGAIN {
            tokio::time::sleep(pause).await;
            let ((old, old_took), (new, new_took)) =
                tokio::join!(self.old.ask(question, &self.credentials), self.new.ask(question, &self.credentials));
            let verdict = judge(question, &old, &new, self.show_values);
            let is_over = !matches!(verdict, Verdict::Different(_));
            let outcome = Outcome::new(question, verdict, [old_took, new_took]);
            first = Some((outcome, [old, new]));
            if is_over {
                break;
            }
        }
        let (outcome, replies) = first.ok_or_else(|| Failure::new("no question was asked"))?;
        self.journal.lock().await.note(&outcome)?;
        Ok((outcome, replies))
    }

    /// Compares an export: each page by offset as JSON and as CSV, then the walk by cursor with the walk by offset.
    async fn walk(&self, export: &Export) -> Result<Vec<Outcome>, Failure> {
        let (mut outcomes, mut offset, mut by_offset) = (Vec::new(), 0, Vec::new());
        loop {
            let (outcome, [old, new]) = self.compare(&export.page(offset, self.page)).await?;
            let is_last = exports::is_last(&old) && exports::is_last(&new);
            by_offset.extend(exports::ids(&old, export));
            outcomes.push(outcome);
            outcomes.push(self.asked(&export.csv(offset, self.page)).await?);
            if is_last {
                break;
            }
            offset += self.page;
        }
        outcomes.push(self.walk_by_cursor(export, &by_offset).await?);
        Ok(outcomes)
    }

    async fn walk_by_cursor(&self, export: &Export, by_offset: &[String]) -> Result<Outcome, Failure> {
        let (mut by_cursor, mut cursor, mut took) = (Vec::new(), String::new(), Duration::ZERO);
        loop {
            let (page, page_took) = self.new.ask(&export.after(&cursor, self.page), &self.credentials).await;
            took += page_took;
            by_cursor.extend(exports::ids(&page, export));
            match exports::next_cursor(&page) {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let verdict = if exports::walked_differently(by_offset, &by_cursor) {
            let described = |ids: &[String]| format!("{} rows", ids.len());
            let place = "rows by offset of the old system, and by cursor of the new one".to_owned();
            Verdict::Different(vec![Difference { place, old: described(by_offset), new: described(&by_cursor) }])
        } else {
            Verdict::Equal
        };
        Ok(Outcome::new(&export.after("", self.page), verdict, [Duration::ZERO, took]))
    }
}
