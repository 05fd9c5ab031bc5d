//! Prints the progress of a study.

use std::io::{self, Write};

use super::model::Study;
use super::state::State;
use super::words::{checks, count, percent, quartiles};
use crate::report::Report;
use crate::table;

/// Maximum answers listed in one line; `--json` has all of them.
const MAX_LISTED_ANSWERS: usize = 10;

impl Report for Study {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.write_participants(out)?;
        writeln!(out)?;
        self.write_arms(out)?;
        writeln!(out)?;
        self.write_summary(out)
    }
}

impl Study {
    fn write_participants(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.participants.iter().map(|one| {
            let last_answer = one.last_answer.map(|at| at.format("%F %H:%M").to_string());
            [
                one.id.map(|id| id.to_string()).unwrap_or_default(),
                one.email.clone().unwrap_or_default(),
                one.state.words().to_owned(),
                format!("{} of {}", one.work.answered, one.work.assigned),
                one.work.remaining.to_string(),
                quartiles(one.work.case_seconds),
                quartiles(one.work.answer_seconds),
                checks(&one.work),
                last_answer.unwrap_or_else(|| "never".to_owned()),
            ]
        });
        let header = ["id", "email", "state", "answered", "left", "case", "answer", "checks", "last answer (UTC)"];
        writeln!(out, "{}", table::of(header, rows))
    }

    fn write_arms(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.arms.iter().map(|one| {
            [
                one.experiment_id.clone().unwrap_or_default(),
                one.arm.clone().unwrap_or_default(),
                format!("{} of {}", one.work.answered, one.work.assigned),
                one.work.remaining.to_string(),
                quartiles(one.work.case_seconds),
                quartiles(one.work.answer_seconds),
                checks(&one.work),
            ]
        });
        let header = ["experiment", "arm", "answered", "left", "case", "answer", "checks"];
        writeln!(out, "{}", table::of(header, rows))
    }

    fn write_summary(&self, out: &mut dyn Write) -> io::Result<()> {
        let states = State::ALL.into_iter().filter_map(|state| match self.count(state) {
            0 => None,
            some => Some(format!("{some} {}", state.words())),
        });
        let total = &self.total;
        let done = percent(total.answered, total.assigned);
        writeln!(
            out,
            "{} of {} assignments answered ({done} %), {} left",
            count(total.answered),
            count(total.assigned),
            count(total.remaining)
        )?;
        let participants = self.participants.len();
        writeln!(out, "{participants} participants: {}", states.collect::<Vec<_>>().join(", "))?;
        if total.case_seconds.is_some() {
            let (case, answer) = (quartiles(total.case_seconds), quartiles(total.answer_seconds));
            writeln!(out, "a case takes {case} to read and {answer} to answer")?;
        }
        writeln!(out, "attention checks: {} passed, {} failed", total.checks_passed, total.checks_failed)?;
        if let Some(end) = self.expected_end {
            let answers = count(self.answers_of_last_week);
            writeln!(out, "{answers} answers in the last seven full days: all done on {end} at this pace")?;
        }
        for sentence in self.contradictions.sentences(MAX_LISTED_ANSWERS) {
            writeln!(out, "warning: {sentence}: augmed case shown ANSWER")?;
        }
        if total.skipped > 0 {
            writeln!(
                out,
                "warning: {} assignments are never shown, because their case does not exist: augmed doctor",
                total.skipped
            )?;
        }
        Ok(())
    }
}
