//! The states of a run: pending → running → completed or failed.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// `rl_run.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RunStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

impl RunStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Completed, Self::Failed];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Parses a stored status; `None` for text that no version of the system wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Returns whether `next` is a valid next status. The same status is valid, so that reports can be repeated.
    fn may_become(self, next: Self) -> bool {
        self == next
            || matches!((self, next), (Self::Pending, Self::Running) | (Self::Running, Self::Completed | Self::Failed))
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A run's report; absent or null fields stay unchanged.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Report {
    pub status: Option<RunStatus>,
    #[schema(max_length = 100)]
    pub model_version: Option<String>,
    #[schema(minimum = 0)]
    pub configs_generated: Option<i32>,
    #[schema(minimum = 0)]
    pub answers_consumed: Option<i32>,
    #[serde(default, deserialize_with = "time::deserialize_optional")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "time::deserialize_optional")]
    pub completed_at: Option<DateTime<Utc>>,
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub status: RunStatus,
    pub started_at: Option<DateTime<Utc>>,
    pub completed_at: Option<DateTime<Utc>>,
}

/// Why a report is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReportError {
    /// An invalid field, named in the message.
    Invalid(&'static str),
    Step(RunStatus, RunStatus),
}

impl Report {
    pub(crate) fn check(&self) -> Result<(), ReportError> {
        let invalid = |is_wrong: bool, message| if is_wrong { Err(ReportError::Invalid(message)) } else { Ok(()) };
        let model_version = self.model_version.as_ref().map_or(0, |text| text.chars().count());
        invalid(model_version > 100, "model_version: longer than 100 characters")?;
        let is_negative = |count: Option<i32>| count.is_some_and(i32::is_negative);
        invalid(is_negative(self.configs_generated), "configs_generated: less than 0")?;
        invalid(is_negative(self.answers_consumed), "answers_consumed: less than 0")
    }
}

impl Progress {
    /// Returns the progress after `report`. Missing start and end times are `now`, but a run never ends before it starts:
    /// clocks differ and can be set back.
    pub(crate) fn after(self, report: &Report, now: DateTime<Utc>) -> Result<Self, ReportError> {
        let status = report.status.unwrap_or(self.status);
        if !self.status.may_become(status) {
            return Err(ReportError::Step(self.status, status));
        }
        if status == RunStatus::Pending && report.started_at.is_some() {
            return Err(ReportError::Invalid("started_at: the run is pending"));
        }
        if !status.is_final() && report.completed_at.is_some() {
            return Err(ReportError::Invalid("completed_at: the run is not over"));
        }
        let has_started = (status != RunStatus::Pending).then_some(now);
        let started_at = report.started_at.or(self.started_at).or(has_started);
        let is_over = status.is_final().then_some(started_at.map_or(now, |started_at| started_at.max(now)));
        let completed_at = report.completed_at.or(self.completed_at).or(is_over);
        if completed_at.is_some() && completed_at < started_at {
            return Err(ReportError::Invalid("completed_at: before started_at"));
        }
        Ok(Self { status, started_at, completed_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RunStatus::{Completed, Failed, Pending, Running};

    fn at(minute: u32) -> DateTime<Utc> {
        format!("2026-01-01T10:{minute:02}:00Z").parse().unwrap()
    }

    fn with_status(status: RunStatus) -> Progress {
        Progress { status, started_at: None, completed_at: None }
    }

    fn reports(status: RunStatus) -> Report {
        Report { status: Some(status), ..Report::default() }
    }

    #[test]
    fn a_run_goes_from_pending_via_running_to_its_end() {
        let running = with_status(Pending).after(&reports(Running), at(1)).unwrap();
        let failed = running.after(&reports(Failed), at(2)).unwrap();

        assert_eq!(running, Progress { started_at: Some(at(1)), ..with_status(Running) });
        assert_eq!(failed, Progress { status: Failed, started_at: Some(at(1)), completed_at: Some(at(2)) });
    }

    #[test]
    fn a_model_version_has_at_most_100_characters() {
        let with_version = |length| Report { model_version: Some("é".repeat(length)), ..Report::default() }.check();

        assert_eq!(with_version(100), Ok(()));
        assert_eq!(with_version(101), Err(ReportError::Invalid("model_version: longer than 100 characters")));
    }

    #[test]
    fn refuses_other_transitions() {
        for (from, to) in
            [(Pending, Completed), (Pending, Failed), (Running, Pending), (Completed, Running), (Failed, Completed)]
        {
            assert_eq!(with_status(from).after(&reports(to), at(1)), Err(ReportError::Step(from, to)));
        }
    }

    #[test]
    fn a_repeated_report_changes_nothing() {
        let completed = Progress { status: Completed, started_at: Some(at(1)), completed_at: Some(at(2)) };

        assert_eq!(completed.after(&reports(Completed), at(3)), Ok(completed));
        assert_eq!(completed.after(&Report::default(), at(3)), Ok(completed));
    }

    #[test]
    fn reported_times_take_precedence() {
        let report = Report { started_at: Some(at(1)), completed_at: Some(at(2)), ..reports(Completed) };

        let completed = with_status(Running).after(&report, at(9)).unwrap();

        assert_eq!((completed.started_at, completed.completed_at), (Some(at(1)), Some(at(2))));
    }

    #[test]
    fn a_run_does_not_end_before_it_started_even_if_the_clock_was_set_back() {
        let running = Progress { started_at: Some(at(30)), ..with_status(Running) };

        let completed = running.after(&reports(Completed), at(1)).unwrap();

        assert_eq!(completed.completed_at, Some(at(30)));
    }

    #[test]
    fn names_the_time_that_contradicts_the_status_or_the_other_time() {
        let started = |status| Report { started_at: Some(at(5)), ..reports(status) };
        let ended = |status| Report { completed_at: Some(at(4)), ..started(status) };
        let refusal = |from, report: &Report| match with_status(from).after(report, at(9)) {
            Err(ReportError::Invalid(message)) => message,
            other => panic!("{other:?}"),
        };

        assert!(refusal(Pending, &started(Pending)).starts_with("started_at"));
        assert!(refusal(Running, &ended(Running)).starts_with("completed_at: the run is not over"));
        assert!(refusal(Running, &ended(Completed)).starts_with("completed_at: before started_at"));
    }

    #[test]
    fn refuses_negative_counts() {
        let report = Report { configs_generated: Some(-1), ..Report::default() };

        assert_eq!(report.check(), Err(ReportError::Invalid("configs_generated: less than 0")));
        assert_eq!(Report { answers_consumed: Some(0), ..Report::default() }.check(), Ok(()));
    }
}
