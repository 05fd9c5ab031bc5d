//! Calculates the progress of a study from the database's facts.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;
use shared::time::StoredTime;

use super::queries::{Account, Day, Facts, Group};
use super::state::State;
use super::tallies::{Tallies, Tally};
use crate::exposures::Contradictions;

/// Progress at one moment.
#[derive(Debug, Serialize)]
pub struct Study {
    pub at: DateTime<Utc>,
    pub stuck_after_days: u32,
    pub total: Work,
    /// Answers in the seven days before this one.
    pub answers_of_last_week: i64,
    /// Expected day of the last answer at the current pace.
    pub expected_end: Option<NaiveDate>,
    pub participants: Vec<Participant>,
    pub arms: Vec<Arm>,
    pub days: Vec<Day>,
    pub contradictions: Contradictions,
}

/// Assignments by state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Work {
    pub assigned: i64,
    pub answered: i64,
    pub remaining: i64,
    /// Never shown, because their case does not exist.
    pub skipped: i64,
    /// Time from opening a case to opening its questions.
    pub case_seconds: Option<Quartiles>,
    /// Time from opening the questions to the answer.
    pub answer_seconds: Option<Quartiles>,
    pub checks_passed: u32,
    pub checks_failed: u32,
}

/// Quartiles of a duration, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quartiles {
    pub lower: f64,
    pub median: f64,
    pub upper: f64,
}

#[derive(Debug, Serialize)]
pub struct Participant {
    /// Id of the account; assignments may belong to an address without an account.
    pub id: Option<i32>,
    pub email: Option<String>,
    pub state: State,
    pub last_answer: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub work: Work,
}

#[derive(Debug, Serialize)]
pub struct Arm {
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    #[serde(flatten)]
    pub work: Work,
}

impl Study {
    /// Calculates the progress from these facts.
    pub fn of(facts: Facts, stuck_after_days: u32, at: DateTime<Utc>) -> Self {
        let Facts { groups, accounts, checks, days, contradictions } = facts;
        let mut total = Work::default();
        let mut by_email = BTreeMap::new();
        let mut arms = Vec::new();
        let tallies = Tallies::of(&checks);
        for group in groups {
            let work = Work::of(&group, tallies.find(&group));
            match group {
                Group { is_participant: true, user_email, .. } => {
                    by_email.insert(user_email, work);
                }
                Group { is_arm: true, experiment_id, arm, .. } => arms.push(Arm { experiment_id, arm, work }),
                _ => total = work,
            }
        }
        // a number of days beyond the range of dates means that nobody is stuck
        let stuck_before = at.checked_sub_days(Days::new(stuck_after_days.into())).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let mut participants: Vec<Participant> = accounts
            .into_iter()
            .map(|account| {
                let work = by_email.remove(&Some(account.email.clone())).unwrap_or_default();
                Participant::of(account, work, stuck_before)
            })
            .collect();
        participants.extend(by_email.into_iter().map(|(email, work)| Participant::without_account(email, work)));
        participants.sort_by_key(|one| (one.state, one.id));
        let answers_of_last_week = answers_of_last_week(&days, at.date_naive());
        let expected_end = expected_end(total.remaining, answers_of_last_week, at.date_naive());
        Self {
            at,
            stuck_after_days,
            total,
            answers_of_last_week,
            expected_end,
            participants,
            arms,
            days,
            contradictions,
        }
    }

    /// Returns the number of participants in a state.
    pub fn count(&self, state: State) -> usize {
        self.participants.iter().filter(|one| one.state == state).count()
    }
}

impl Work {
    fn of(group: &Group, checks: Tally) -> Self {
        Self {
            assigned: group.assigned,
            answered: group.answered,
            remaining: group.assigned - group.answered - group.skipped,
            skipped: group.skipped,
            case_seconds: Quartiles::of(group.case_seconds.as_deref()),
            answer_seconds: Quartiles::of(group.answer_seconds.as_deref()),
            checks_passed: checks.passed,
            checks_failed: checks.failed,
        }
    }
}

impl Quartiles {
    fn of(seconds: Option<&[f64]>) -> Option<Self> {
        match seconds? {
            &[lower, median, upper] => Some(Self { lower, median, upper }),
            _ => None,
        }
    }
}

impl Participant {
    fn of(account: Account, work: Work, stuck_before: DateTime<Utc>) -> Self {
        let last_answer = account.last_answer.as_ref().map(NaiveDateTime::and_utc);
        let last_seen = last_answer.or(account.changed.and_then(StoredTime::utc));
        let state = match (account.is_active, account.has_password) {
            _ if work.assigned == 0 => State::NothingAssigned,
            _ if work.remaining == 0 => State::Done,
            (false, false) => State::Invited,
            (false, true) => State::Deactivated,
            _ if last_seen.is_some_and(|last_seen| last_seen < stuck_before) => State::Stuck,
            _ if work.answered == 0 => State::NotStarted,
            _ => State::Working,
        };
        Self { id: Some(account.id), email: Some(account.email), state, last_answer, work }
    }

    fn without_account(email: Option<String>, work: Work) -> Self {
        Self { id: None, email, state: State::NoAccount, last_answer: None, work }
    }
}

fn answers_of_last_week(days: &[Day], today: NaiveDate) -> i64 {
    let week = today - Days::new(7)..today;
    days.iter().filter(|day| week.contains(&day.day)).map(|day| day.answers).sum()
}

/// Returns the expected end, or `None` if nobody answers, or everything is answered.
fn expected_end(remaining: i64, answers_of_last_week: i64, today: NaiveDate) -> Option<NaiveDate> {
    if remaining <= 0 || answers_of_last_week <= 0 {
        return None;
    }
    let days = remaining.checked_mul(7)?.unsigned_abs().div_ceil(answers_of_last_week.unsigned_abs());
    today.checked_add_days(Days::new(days))
}

#[cfg(test)]
mod tests;
