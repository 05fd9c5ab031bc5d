//! Calculates the progress of a study from the database's facts.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use serde::Serialize;
use shared::time::StoredTime;

use super::queries::{Account, Check, Day, Facts, Group};
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

/// State of a participant, those who need help first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Could continue, but has not for too long.
    Stuck,
    /// Assignments for an address without an account.
    NoAccount,
    /// Has assignments, but has not signed up.
    Invited,
    /// Has assignments, but may not log in.
    Deactivated,
    NotStarted,
    Working,
    Done,
    NothingAssigned,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Stuck,
        Self::NoAccount,
        Self::Invited,
        Self::Deactivated,
        Self::NotStarted,
        Self::Working,
        Self::Done,
        Self::NothingAssigned,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::NoAccount => "no account",
            Self::Invited => "not signed up",
            Self::Deactivated => "deactivated",
            Self::NotStarted => "not started",
            Self::Working => "working",
            Self::Done => "done",
            Self::NothingAssigned => "nothing assigned",
        }
    }
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
        // nobody has been stuck for longer than there are dates
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

/// Attention checks, by the common attribute of groups.
#[derive(Default)]
struct Tallies<'a> {
    total: Tally,
    by_email: BTreeMap<Option<&'a str>, Tally>,
    by_arm: BTreeMap<(Option<&'a str>, Option<&'a str>), Tally>,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl<'a> Tallies<'a> {
    fn of(checks: &'a [Check]) -> Self {
        let mut tallies = Self::default();
        for check in checks {
            tallies.total.add(check.is_passed);
            tallies.by_email.entry(check.user_email.as_deref()).or_default().add(check.is_passed);
            let arm = (check.experiment_id.as_deref(), check.arm.as_deref());
            tallies.by_arm.entry(arm).or_default().add(check.is_passed);
        }
        tallies
    }

    fn find(&self, group: &Group) -> Tally {
        if group.is_participant {
            self.by_email.get(&group.user_email.as_deref()).copied().unwrap_or_default()
        } else if group.is_arm {
            let arm = (group.experiment_id.as_deref(), group.arm.as_deref());
            self.by_arm.get(&arm).copied().unwrap_or_default()
        } else {
            self.total
        }
    }
}

impl Tally {
    fn add(&mut self, is_passed: bool) {
        let count = if is_passed { &mut self.passed } else { &mut self.failed };
        *count += 1;
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
mod tests {
    use super::*;

    fn day(text: &str, answers: i64) -> Day {
        Day { day: text.parse().unwrap(), answers }
    }

    fn account(is_active: bool, has_password: bool, last_answer: Option<&str>) -> Account {
        let at = |text: &str| text.parse().unwrap();
        let changed = Some(StoredTime(Some(at("2026-03-01T08:00:00"))));
        let last_answer = last_answer.map(at);
        Account { id: 1, email: "a@study.test".to_owned(), is_active, has_password, changed, last_answer }
    }

    #[test]
    fn the_end_is_expected_at_the_pace_of_the_seven_days_before_today() {
        let days = [day("2026-03-01", 99), day("2026-03-03", 10), day("2026-03-09", 4), day("2026-03-10", 50)];
        let today = "2026-03-10".parse().unwrap();

        assert_eq!(answers_of_last_week(&days, today), 14);
        assert_eq!(expected_end(5, 14, today), Some("2026-03-13".parse().unwrap()));
        assert_eq!(expected_end(5, 0, today), None);
        assert_eq!(expected_end(0, 14, today), None);
    }

    #[test]
    fn the_week_before_new_year_and_a_leap_day_has_seven_days() {
        for (today, first, last) in [
            ("2027-01-01", "2026-12-25", "2026-12-31"),
            ("2028-03-01", "2028-02-23", "2028-02-29"),
            ("2028-02-29", "2028-02-22", "2028-02-28"),
            ("9999-12-31", "9999-12-24", "9999-12-30"),
        ] {
            let today: NaiveDate = today.parse().unwrap();
            let before = first.parse::<NaiveDate>().unwrap() - Days::new(1);
            let days = [(before, 1), (first.parse().unwrap(), 10), (last.parse().unwrap(), 100), (today, 1000)];
            let days = days.map(|(day, answers)| Day { day, answers });

            assert_eq!(answers_of_last_week(&days, today), 110, "{today}");
        }
    }

    #[test]
    fn the_end_is_expected_over_new_year_and_a_leap_day() {
        for (today, end) in [("2026-12-31", "2027-01-02"), ("2028-02-28", "2028-03-01"), ("2027-02-27", "2027-03-01")] {
            assert_eq!(expected_end(2, 7, today.parse().unwrap()), Some(end.parse().unwrap()), "{today}");
        }
        assert_eq!(expected_end(i64::MAX, 1, "9999-12-31".parse().unwrap()), None, "no calendar has that day");
    }

    #[test]
    fn who_has_answered_before_the_clock_went_back_is_not_stuck() {
        let before = account(true, true, Some("2026-10-25T02:30:00"));
        let work = Work { assigned: 2, answered: 1, remaining: 1, ..Work::default() };

        let an_hour_back: DateTime<Utc> = "2026-10-25T01:30:00Z".parse().unwrap();

        assert_eq!(Participant::of(before, work, an_hour_back).state, State::Working);
    }

    #[test]
    fn who_could_go_on_and_does_not_is_stuck() {
        let stuck_before = "2026-03-05T00:00:00Z".parse().unwrap();
        let work = |answered, remaining| Work { assigned: 5, answered, remaining, ..Work::default() };
        for (account, work, state) in [
            (account(true, true, Some("2026-03-04T23:59:59")), work(2, 3), State::Stuck),
            (account(true, true, Some("2026-03-05T00:00:01")), work(2, 3), State::Working),
            (account(true, true, None), work(0, 5), State::Stuck),
            (account(true, true, Some("2026-03-01T00:00:00")), work(5, 0), State::Done),
            (account(false, false, None), work(0, 5), State::Invited),
            (account(false, true, None), work(1, 4), State::Deactivated),
            (account(true, true, None), Work::default(), State::NothingAssigned),
        ] {
            assert_eq!(Participant::of(account, work, stuck_before).state, state);
        }
    }
}
