//! The request for a run: the event of the Lambda function, or the arguments of the command line.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Timeouts};

/// The action of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Report the state of the database. Changes nothing.
    Status,
    /// Report what `up` would do and whether it is safe. Changes nothing.
    Plan,
    /// Apply pending migrations. Adopts a database of the old system first.
    #[default]
    Up,
    /// Undo the migrations after the target.
    Down,
    /// Adopt a database of the old system without applying migrations.
    Adopt,
}

/// An action with its target and timeouts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The action.
    pub action: Action,
    /// The newest version to keep; 0 for none.
    #[serde(default)]
    pub target: Option<i64>,
    /// `lock_timeout` for this run.
    #[serde(default)]
    pub lock_timeout_seconds: Option<u64>,
    /// `statement_timeout` for this run.
    #[serde(default)]
    pub statement_timeout_seconds: Option<u64>,
}

impl Request {
    /// Parses an event. An event without an action, as scheduled by `EventBridge`, means [`Action::Up`].
    pub fn from_event(event: Value) -> Result<Self, Error> {
        if event.get("action").is_none() {
            return Ok(Self::default());
        }
        serde_json::from_value(event).map_err(|error| Error::Request(error.to_string()))
    }

    /// Returns the default timeouts, overridden by those of the request.
    pub fn timeouts(&self) -> Timeouts {
        let mut timeouts = Timeouts::default();
        for limits in [&mut timeouts.transaction, &mut timeouts.concurrent] {
            limits.lock = self.lock_timeout_seconds.map_or(limits.lock, Duration::from_secs);
            limits.statement = self.statement_timeout_seconds.map_or(limits.statement, Duration::from_secs);
        }
        timeouts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_scheduled_event_means_up() {
        let event = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});

        assert_eq!(Request::from_event(event).unwrap(), Request::default());
        assert_eq!(Request::from_event(json!("nightly")).unwrap().action, Action::Up);
    }

    #[test]
    fn reads_action_and_target() {
        let request = Request::from_event(json!({"action": "down", "target": 0})).unwrap();

        assert_eq!((request.action, request.target), (Action::Down, Some(0)));
    }

    #[test]
    fn an_unknown_action_is_refused() {
        let error = Request::from_event(json!({"action": "drop"})).unwrap_err();

        assert!(error.to_string().contains("drop"), "{error}");
    }

    #[test]
    fn a_misspelt_target_is_refused() {
        assert!(Request::from_event(json!({"action": "up", "traget": 1})).is_err());
    }

    #[test]
    fn a_request_overrides_timeouts() {
        let request = Request::from_event(json!({"action": "up", "lock_timeout_seconds": 20})).unwrap();

        assert_eq!(request.timeouts().transaction.lock, Duration::from_secs(20));
        assert_eq!(request.timeouts().transaction.statement, Timeouts::default().transaction.statement);
    }
}
