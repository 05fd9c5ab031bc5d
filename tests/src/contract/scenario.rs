//! The content of a case file: scenarios, which are lists of steps that run in order on a freshly loaded fixture.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::token::ForgedToken;

/// Consecutive steps; the database starts from `fixture.sql`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Unique in its area.
    pub name: String,
    /// In execution order.
    pub steps: Vec<Step>,
}

/// A request or a statement, with its expected outcome.
#[derive(Debug, Deserialize)]
pub struct Step {
    /// Unique in its scenario; identifies the recording.
    pub name: String,
    /// The action.
    #[serde(flatten)]
    pub action: Action,
    /// The accepted outcomes.
    #[serde(default)]
    pub want: Want,
    /// What is wrong with the recorded response.
    pub defect: Option<String>,
}

/// Action of a step.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Action {
    /// Runs statements and keeps their rows.
    Sql(Statement),
    /// Sends a request and keeps its response.
    Http(Box<HttpStep>),
}

/// One or more SQL statements, separated by semicolons.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// As written in the case file.
    pub sql: String,
}

/// A request in a case file; texts may contain `{{variables}}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpStep {
    /// The HTTP method.
    pub method: String,
    /// Path and query, sent as they are.
    pub path: String,
    /// A body, with `Content-Type: application/json`.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// A body as text, without a content type.
    pub raw: Option<String>,
    /// A body of form parts.
    pub multipart: Option<Vec<Part>>,
    /// Headers set last; `null` removes one.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// The account of `accounts.json` whose token is sent.
    pub login_as: Option<String>,
    /// A forged token, sent instead.
    pub token: Option<ForgedToken>,
    /// Whether the `X-API-Key` is sent.
    #[serde(default)]
    pub api_key: bool,
    /// Variables by name: `header:<name>`, or a JSON pointer into the response's body.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// Pointers to values whose shapes are compared; see [`super::shape::replace`].
    #[serde(default)]
    pub normalise: Vec<String>,
    /// Whether the body is compared as text, even if it is JSON.
    #[serde(default)]
    pub exact: bool,
}

/// One part of a `multipart/form-data` body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// Absent for a plain field.
    pub filename: Option<String>,
    /// The part's content type.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// As sent.
    pub content: String,
}

/// The accepted outcomes of a step; the contract's README has the table.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum Want {
    /// What clients rely on matches the recording.
    #[default]
    #[serde(skip)]
    AsRecorded,
    /// A 4xx with a JSON error, or a business error.
    #[serde(rename = "refused")]
    Refused,
    /// 401 or 403.
    #[serde(rename = "denied")]
    Denied,
    /// Either of the two.
    #[serde(rename = "as recorded or refused")]
    AsRecordedOrRefused,
    /// Either of the two.
    #[serde(rename = "as recorded or denied")]
    AsRecordedOrDenied,
    /// Anything except a fault.
    #[serde(rename = "free")]
    Free,
}

impl Step {
    /// Returns `METHOD path`, or `sql`.
    pub fn summary(&self) -> String {
        match &self.action {
            Action::Sql(_) => "sql".to_owned(),
            Action::Http(http) => format!("{} {}", http.method, http.path),
        }
    }
}

/// Distinguishes `"json": null`, which is a body, from a missing `json`.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Action, HttpStep, Step, Want};

    fn http(mut step: Value) -> HttpStep {
        step["name"] = json!("a step");
        match serde_json::from_value::<Step>(step).unwrap().action {
            Action::Http(http) => *http,
            Action::Sql(_) => panic!("a request was expected"),
        }
    }

    #[test]
    fn a_null_body_is_a_body() {
        let with_null = http(json!({"method": "POST", "path": "/", "json": null}));
        let without = http(json!({"method": "POST", "path": "/"}));

        assert_eq!((with_null.json, without.json), (Some(Value::Null), None));
    }

    #[test]
    fn a_step_without_want_is_wanted_as_recorded() {
        let step: Step = serde_json::from_value(json!({"name": "n", "sql": "SELECT 1"})).unwrap();

        assert_eq!(step.want, Want::AsRecorded);
    }

    #[test]
    fn an_unknown_key_or_want_is_refused() {
        for extra in [json!({"bodi": 1}), json!({"want": "as recorded or better"})] {
            let mut step = json!({"name": "n", "method": "GET", "path": "/"});
            step.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());

            assert!(serde_json::from_value::<Step>(step).is_err(), "{extra} passed");
        }
    }
}
