//! Judges outcomes.

use serde_json::json;

use super::answer::{Answer, Outcome};
use super::as_recorded;
use super::difference;
use super::scenario::{Action, HttpStep, Step, Want};

/// Returns why an outcome is not accepted; empty if it is.
pub fn complaints(step: &Step, recorded: &Outcome, got: &Outcome) -> Vec<String> {
    match (&step.action, recorded, got) {
        (_, _, Outcome::NoAnswer(reason)) => vec![format!("no answer: {reason}")],
        (Action::Sql(_), Outcome::Rows { .. }, Outcome::Rows { .. }) if step.want == Want::Free => {
            vec![]
        }
        (Action::Sql(_), Outcome::Rows { rows: expected }, Outcome::Rows { rows }) => {
            difference::between(&json!({"rows": expected}), &json!({"rows": rows}), "")
        }
        (Action::Http(http), Outcome::Answer(recorded), Outcome::Answer(answer)) => {
            complaints_about_answer(step.want, http, recorded, answer)
        }
        _ => vec!["the recording is for another kind of step".to_owned()],
    }
}

fn complaints_about_answer(want: Want, step: &HttpStep, recorded: &Answer, answer: &Answer) -> Vec<String> {
    let status = answer.status;
    let is_denied = matches!(status, 401 | 403);
    let is_fault = status >= 500 && !answer.is_business_error();
    let complaint = match want {
        Want::Free => is_fault.then(|| format!("a fault: {status} {}", answer.body())),
        Want::Denied => (!is_denied).then(|| format!("expected 401 or 403, got {status}")),
        Want::Refused => (!answer.is_refusal())
            .then(|| format!("expected a 4xx with a JSON error, or a business error, got {status} {}", answer.body())),
        Want::AsRecordedOrRefused if answer.is_refusal() => None,
        Want::AsRecordedOrDenied if is_denied => None,
        Want::AsRecorded | Want::AsRecordedOrRefused | Want::AsRecordedOrDenied => {
            return as_recorded::differences(step, recorded, answer);
        }
    };
    complaint.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::complaints;
    use crate::contract::answer::Outcome;

    fn verdict(want: Option<&str>, recorded: &Value, got: &Value) -> Vec<String> {
        let mut step = json!({"name": "n", "method": "GET", "path": "/api/x"});
        if let Some(want) = want {
            step["want"] = json!(want);
        }
        complaints(&serde_json::from_value(step).unwrap(), &outcome(recorded), &outcome(got))
    }

    fn outcome(of: &Value) -> Outcome {
        serde_json::from_value(of.clone()).unwrap()
    }

    fn answer(status: u16, body: Value) -> Value {
        json!({"status": status, "headers": {"content-type": "application/json"}, "json": body})
    }

    fn ok() -> Value {
        answer(200, json!({"data": 1, "error": null}))
    }

    fn error(status: u16, code: Value) -> Value {
        answer(status, json!({"data": null, "error": {"code": code, "message": "m"}}))
    }

    fn html(status: u16) -> Value {
        json!({"status": status, "headers": {"content-type": "text/html"}, "text": "<p>"})
    }

    /// Asserts that `good` is accepted for `want` where 200 was recorded, and `bad` is not.
    #[track_caller]
    fn assert_verdicts(want: Option<&str>, good: &[Value], bad: &[Value]) {
        for got in good {
            assert_eq!(verdict(want, &ok(), got), [""; 0], "{got} was refused");
        }
        for got in bad {
            assert!(!verdict(want, &ok(), got).is_empty(), "{got} passed");
        }
    }

    #[test]
    fn as_recorded_passes_the_recorded_answer_only() {
        assert_verdicts(
            None,
            &[ok()],
            &[error(401, json!(401)), error(500, json!("1005")), answer(200, json!({"data": 2, "error": null}))],
        );
    }

    #[test]
    fn refused_passes_a_client_error_in_json_and_a_business_error() {
        let good = [
            error(400, json!(400)),
            error(409, json!(409)),
            error(500, json!("1005")),
            answer(401, json!({"msg": "m"})),
        ];
        assert_verdicts(
            Some("refused"),
            &good,
            &[ok(), error(500, json!(500)), html(404), answer(400, json!({})), error(418, json!(418))],
        );
    }

    #[test]
    fn denied_passes_401_and_403() {
        assert_verdicts(
            Some("denied"),
            &[html(401), error(403, json!(403))],
            &[ok(), error(400, json!(400)), error(500, json!("1010"))],
        );
    }

    #[test]
    fn as_recorded_or_refused_passes_either() {
        assert_verdicts(
            Some("as recorded or refused"),
            &[ok(), error(422, json!(422))],
            &[html(400), error(500, json!(500))],
        );
    }

    #[test]
    fn as_recorded_or_denied_passes_either() {
        assert_verdicts(Some("as recorded or denied"), &[ok(), html(401)], &[error(400, json!(400)), html(500)]);
    }

    #[test]
    fn free_passes_anything_but_a_fault() {
        assert_verdicts(
            Some("free"),
            &[ok(), html(404), error(500, json!("1002"))],
            &[error(500, json!(500)), html(503)],
        );
    }

    #[test]
    fn no_answer_never_passes() {
        let step = serde_json::from_value(json!({"name": "n", "method": "GET", "path": "/", "want": "free"})).unwrap();

        assert_eq!(
            complaints(&step, &outcome(&ok()), &Outcome::NoAnswer("refused".to_owned())),
            ["no answer: refused"]
        );
    }

    #[test]
    fn rows_are_compared_unless_they_are_free() {
        let [one, two] = [json!({"rows": ["1 | t"]}), json!({"rows": ["1 | f"]})].map(|rows| outcome(&rows));
        let step = |want: Value| serde_json::from_value(want).unwrap();
        let [strict, free] =
            [json!({"name": "n", "sql": "x"}), json!({"name": "n", "sql": "x", "want": "free"})].map(step);

        assert_eq!(complaints(&strict, &one, &two), [r#"/rows/0: expected "1 | t", got "1 | f""#]);
        assert!(complaints(&strict, &one, &one).is_empty() && complaints(&free, &one, &two).is_empty());
    }
}
