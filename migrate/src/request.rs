//! What is asked for: the event of the Lambda function, the arguments of a command line.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Timeouts};

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// How far is the database? Changes nothing.
    Status,
    /// What would `up` do, and is it safe? Changes nothing.
    Plan,
    /// Apply what is pending; takes over a database of the old system on the way.
    #[default]
    Up,
    /// Undo what came after the target.
    Down,
    /// Take over a database of the old system, and apply nothing.
    Adopt,
}

/// An action with its target and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What to do.
    pub action: Action,
    /// The version that is to be the newest afterwards; 0 is none.
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
    /// Reads an event. One without an action, as `EventBridge` sends it on schedule, means [`Action::Up`].
    pub fn from_event(event: Value) -> Result<Self, Error> {
        if event.get("action").is_none() {
            return Ok(Self::default());
        }
        serde_json::from_value(event).map_err(|error| Error::Request(error.to_string()))
    }

    /// The default limits, except those that the request names.
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
    fn an_action_has_a_target() {
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
    fn a_request_names_its_timeouts() {
        let request = Request::from_event(json!({"action": "up", "lock_timeout_seconds": 20})).unwrap();

        assert_eq!(request.timeouts().transaction.lock, Duration::from_secs(20));
        assert_eq!(request.timeouts().transaction.statement, Timeouts::default().transaction.statement);
    }
}
