//! Sends all requests to both systems, a few concurrently.

use std::time::Duration;

use futures_util::StreamExt as _;
use shared::db::Database;
use tokio::sync::Mutex;

use super::answer::{Reply, Silence};
use super::client::System;
use super::credentials::Credentials;
use super::exports::EXPORTS;
use super::journal::Journal;
use super::outcome::{Outcome, Verdict, judge};
use super::question::{Caller, Question};
use super::questions;
use super::study::{self, Study};
use crate::failure::Failure;
use crate::waiting::Bar;

/// Delays before a request is repeated whose responses differ: a participant may have answered in between.
const RETRY_DELAYS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(2)];

/// Two systems, and settings of the comparison.
pub struct Comparison {
    pub old: System,
    pub new: System,
    pub credentials: Credentials,
    /// The database that both systems use.
    pub db: Database,
    pub concurrency: usize,
    /// Rows per page of an export.
    pub page: u64,
    pub show_values: bool,
    pub journal: Mutex<Journal>,
}

/// Outcome of a request, and both replies.
pub type Asked = (Outcome, [Reply; 2]);

impl Comparison {
    /// Returns an error if one of the systems cannot be reached.
    pub async fn reach_both(&self) -> Result<(), Failure> {
        let health = Question::get("GET /api/healthcheck", "both", "/api/healthcheck", Caller::Nobody);
        for (name, system) in [("--old", &self.old), ("--new", &self.new)] {
            match system.ask_once(&health, &self.credentials).await.0 {
                Ok(answer) if answer.is_success() => {}
                _ => return Err(Failure::new(format!("the system of {name} does not answer GET /api/healthcheck"))),
            }
        }
        Ok(())
    }

    /// Sends all requests about `study`; outcomes are in the order of completion.
    pub async fn ask_all(&self, study: &Study) -> Result<Vec<Outcome>, Failure> {
        let questions = questions::all(study);
        let mut bar = Bar::new("comparing", questions.len() as u64 + self.expected_pages().await?);
        let mut asked = futures_util::stream::iter(questions.iter().map(|question| self.asked(question)))
            .buffer_unordered(self.concurrency);
        let mut outcomes = Vec::with_capacity(questions.len());
        while let Some(outcome) = asked.next().await {
            outcomes.push(outcome?);
            bar.step();
        }
        for export in &EXPORTS {
            outcomes.extend(self.walk(export, &mut bar).await?);
        }
        Ok(outcomes)
    }

    /// Returns the approximate number of pages of all exports: as JSON, as CSV, by cursor.
    async fn expected_pages(&self) -> Result<u64, Failure> {
        let rows = study::exported_rows(&self.db).await?;
        Ok(rows.iter().map(|rows| rows.unsigned_abs().div_ceil(self.page).max(1) * 3).sum())
    }

    /// Returns a request's outcome from the journal, or sends the request.
    async fn asked(&self, question: &Question) -> Result<Outcome, Failure> {
        let known = self.journal.lock().await.outcome(&question.key()).cloned();
        if let Some(outcome) = known {
            return Ok(outcome);
        }
        let (outcome, replies) = self.compare(question).await?;
        // a system that did not respond may do so next time
        if replies.iter().all(Result::is_ok) {
            self.journal.lock().await.note(&outcome)?;
        }
        Ok(outcome)
    }

    /// Sends the request to both systems at once, and repeats it while the responses differ and the study may have changed.
    pub async fn compare(&self, question: &Question) -> Result<Asked, Failure> {
        let mut asked = self.compare_once(question).await?;
        for pause in RETRY_DELAYS {
            // a fault of the old system may be transient, and then no rule should explain it
            let may_change = |(outcome, [old, _]): &Asked| {
                matches!(outcome.verdict, Verdict::Different(_))
                    || old.as_ref().is_ok_and(super::answer::Answer::is_fault)
            };
            if !may_change(&asked) {
                break;
            }
            tokio::time::sleep(pause).await;
            asked = self.compare_once(question).await?;
        }
        Ok(asked)
    }

    async fn compare_once(&self, question: &Question) -> Result<Asked, Failure> {
        let ((old, old_took), (new, new_took)) =
            tokio::join!(self.old.ask(question, &self.credentials), self.new.ask(question, &self.credentials));
        for (name, reply) in [("--old", &old), ("--new", &new)] {
            if matches!(reply, Err(Silence::Unreachable)) {
                let gone = Failure::new(format!("the system of {name} no longer accepts connections"));
                return Err(gone.with_remedy("start it and run the same command again; with --journal, it continues"));
            }
        }
        let mut verdict = judge(question, &old, &new, self.show_values);
        if let (Verdict::Different(_), Caller::Participant(email)) = (&verdict, &question.caller)
            && !study::is_active(&self.db, email).await?
        {
            let caller = Caller::Inactive(email.clone());
            verdict = judge(&Question { caller, ..question.clone() }, &old, &new, self.show_values);
        }
        Ok((Outcome::new(question, verdict, [old_took, new_took]), [old, new]))
    }
}
