//! `--validate`: checks the file against the database and for consistency.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use shared::time::StoredTime;

use super::answered::Answered;

/// Counts collected while rows are written.
#[derive(Default)]
pub struct Validation {
    /// Number of rows of `answer`.
    pub answers: u64,
    rows: HashSet<(Option<u64>, i64)>,
    cases: HashSet<(u64, i32)>,
    same_rows: u64,
    answered_again: u64,
    without_case: u64,
    without_age: u64,
    without_times: u64,
    negative: u64,
    out_of_order: u64,
}

/// A count, and its expected value.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub count: u64,
    pub expected: Option<u64>,
    pub is_wrong: bool,
}

impl Validation {
    /// Counts a row.
    pub fn count(&mut self, answer: &Answered, user_id: Option<u64>) {
        self.same_rows += u64::from(!self.rows.insert((user_id, answer.order_id)));
        if let (Some(user), Some(case)) = (user_id, answer.case_id) {
            self.answered_again += u64::from(!self.cases.insert((user, case)));
        }
        self.without_case += u64::from(answer.person_id.is_none());
        self.without_age += u64::from(answer.person_id.is_some() && answer.age.is_none());
        let durations = [answer.to_answer_open_secs, answer.to_submit_secs, answer.total_duration_secs];
        self.negative += u64::from(durations.iter().flatten().any(|seconds| seconds.is_nan() || *seconds < 0.0));
        let times = [answer.case_open_time, answer.answer_open_time, answer.answer_submit_time];
        let times: Vec<_> = times.into_iter().flatten().filter_map(StoredTime::utc).collect();
        self.without_times += u64::from(times.is_empty());
        self.out_of_order += u64::from(!times.is_sorted());
    }

    /// Returns the findings for this number of rows. A finding that differs from its expectation is an error; others may be intended.
    pub fn findings(&self, rows: u64) -> Vec<Finding> {
        let expect =
            |check, count, expected| Finding { check, count, expected: Some(expected), is_wrong: count != expected };
        let note = |check, count| Finding { check, count, expected: None, is_wrong: false };
        vec![
            expect("rows, one for each row of answer", rows, self.answers),
            expect("duplicate rows", self.same_rows, 0),
            expect("rows with a duration below zero", self.negative, 0),
            expect("rows whose times are not in order", self.out_of_order, 0),
            note("rows of a participant who has answered the case before", self.answered_again),
            note("rows without a time", self.without_times),
            note("rows whose case was deleted", self.without_case),
            note("rows whose case has no age from 0 to 130", self.without_age),
        ]
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, count, expected, is_wrong } = self;
        let word = if *is_wrong { "wrong" } else { "good" };
        match expected {
            Some(expected) if *is_wrong => write!(formatter, "{word}: {count} {check}; expected {expected}"),
            Some(_) => write!(formatter, "{word}: {count} {check}"),
            None => write!(formatter, "note: {count} {check}"),
        }
    }
}
