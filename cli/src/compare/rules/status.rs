//! Rules about an answer as a whole.

use super::Meeting;
use crate::compare::question::{Accepts, Caller};

pub fn closed_admin(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    question.path.starts_with("/admin/") && old.is_success() && new.is_denied()
}

pub fn closed_services(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_token = matches!(question.caller, Caller::Participant(_));
    question.path.starts_with("/api/v1/") && is_token && old.is_success() && new.is_denied()
}

/// The accounts that are asked for are active; one that was deactivated meanwhile is refused by the new system alone.
pub fn account_exists(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_said = new.json().is_some_and(|body| body.get("msg").is_some());
    matches!(question.caller, Caller::Participant(_)) && old.is_success() && new.status == 401 && is_said
}

pub fn bad_token(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_bad = matches!(question.caller, Caller::Expired(_) | Caller::Forged(_) | Caller::Garbage | Caller::Nobody);
    is_bad && matches!(old.status, 401 | 422) && new.status == 401
}

/// Of a read, input is its query.
pub fn bad_input(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    question.path.contains('?') && old.is_fault() && new.status == 400
}

/// The old system stops at the assignment: it has no next case, or fails.
pub fn skipped_assignment(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_empty = old.json().is_some_and(|body| body["data"].as_array().is_some_and(Vec::is_empty));
    question.route == "GET /api/cases" && (old.is_fault() || is_empty) && new.is_success()
}

pub fn incomplete_data(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_case = question.route.contains("case-reviews") || question.route == "GET /api/cases";
    is_case && old.is_fault() && (new.is_success() || new.error_code().as_deref() == Some("1010"))
}

/// The old system repeats the row for each timing of the participant and case.
pub fn exported_once(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let rows = |answer: &super::Answer| {
        let mut rows: Vec<_> = answer.json()?["data"].as_array()?.iter().map(|row| row["answer_id"].as_i64()).collect();
        let before = rows.len();
        rows.dedup();
        Some((before > rows.len(), rows))
    };
    let is_repeated = rows(old)
        .zip(rows(new))
        .is_some_and(|((old_repeats, old), (new_repeats, new))| old_repeats && !new_repeats && new.starts_with(&old));
    question.route == "GET /api/v1/export/answers" && is_repeated
}

pub fn csv_header(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let super::Body::Text(header) = &new.body else { return false };
    let is_empty = matches!(&old.body, super::Body::Text(text) if text.is_empty());
    question.accepts == Accepts::Csv
        && is_empty
        && header.lines().count() == 1
        && (old.status, new.status) == (200, 200)
}

pub fn questionnaire_bad_token(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let is_bad = matches!(question.caller, Caller::Expired(_) | Caller::Forged(_) | Caller::Garbage);
    question.path == "/api/config/answer" && is_bad && old.is_success() && new.status == 401
}

/// The status has to be the same, and the new answer an error in the envelope.
pub fn envelope(Meeting { old, new, .. }: &Meeting<'_>) -> bool {
    let is_html = old.media_type == "text/html";
    old.status == new.status && matches!(new.status, 404 | 405 | 415) && is_html && new.error_code().is_some()
}

pub fn address_in_any_case(Meeting { question, old, new }: &Meeting<'_>) -> bool {
    let (Caller::Participant(email), Some(code)) = (&question.caller, old.error_code()) else { return false };
    let is_mixed = email.chars().any(char::is_uppercase) || email.trim() != email;
    is_mixed && code == "1010" && new.is_success()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Answer, Body, Meeting, explaining};
    use crate::compare::question::{Caller, Question};

    fn answer(status: u16, body: Value) -> Answer {
        Answer { status, media_type: "application/json".to_owned(), has_token: false, body: Body::Json(body) }
    }

    fn page(status: u16) -> Answer {
        let body = Body::Text("<!doctype html>".to_owned());
        Answer { status, media_type: "text/html".to_owned(), has_token: false, body }
    }

    fn refused(status: u16) -> Answer {
        answer(status, json!({"data": null, "error": {"code": status, "message": null}}))
    }

    fn listed(data: Value) -> Answer {
        answer(200, json!({ "data": data }))
    }

    fn participant() -> Caller {
        Caller::Participant("a@b.test".to_owned())
    }

    #[track_caller]
    fn assert_rule(name: &str, (route, path, caller): (&'static str, &str, Caller), old: Answer, new: Answer) {
        let question = Question::get(route, "a test", path, caller);
        assert_eq!(explaining(&Meeting { question: &question, old: &old, new: &new }), [name], "{old:?} {new:?}");
    }

    #[test]
    fn each_rule_explains_what_it_is_about() {
        let cases = || ("GET /api/cases", "/api/cases", participant());
        let review = || ("GET /api/case-reviews/{id}", "/api/case-reviews/1", participant());
        let answers = || ("GET /api/v1/export/answers", "/api/v1/export/answers?limit=9", Caller::ExportKey);
        let bad = |path: &'static str| ("GET", path, Caller::Garbage);
        let msg = |status| answer(status, json!({"msg": null}));

        assert_rule("closed-admin", ("GET", "/admin/users", Caller::Nobody), listed(json!([])), refused(401));
        assert_rule("closed-services", ("GET", "/api/v1/experiments", participant()), listed(json!([])), refused(403));
        assert_rule("account-exists", cases(), listed(json!([{"case_id": 1}])), msg(401));
        assert_rule("bad-token-401", bad("/api/cases"), msg(422), msg(401));
        assert_rule("bad-input-400", answers(), refused(500), refused(400));
        assert_rule("skipped-assignment", cases(), listed(json!([])), listed(json!([{"case_id": 1}])));
        assert_rule("incomplete-data", review(), refused(500), listed(json!({})));
        let twice = listed(json!([{"answer_id": 1}, {"answer_id": 1}, {"answer_id": 2}]));
        assert_rule("exported-once", answers(), twice, listed(json!([{"answer_id": 1}, {"answer_id": 2}])));
        assert_rule("questionnaire-bad-token", bad("/api/config/answer"), listed(json!([])), msg(401));
        assert_rule("envelope", ("GET", "/api/cases", Caller::Nobody), page(405), refused(405));
    }

    #[test]
    fn a_csv_without_rows_has_its_header() {
        let text = |body: &str| Answer { body: Body::Text(body.to_owned()), ..page(200) };
        let question = Question::get("GET", "a test", "/api/v1/export/answers", Caller::ExportKey).for_csv();
        let (old, new, rows) = (text(""), text("a,b\r\n"), text("a,b\r\n1,2\r\n"));

        assert_eq!(explaining(&Meeting { question: &question, old: &old, new: &new }), ["csv-header"]);
        assert!(explaining(&Meeting { question: &question, old: &old, new: &rows }).is_empty());
    }

    #[test]
    fn another_next_case_is_a_difference() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([{"case_id": 1}])), listed(json!([{"case_id": 2}])));

        assert!(explaining(&Meeting { question: &question, old: &old, new: &new }).is_empty());
    }

    #[test]
    fn a_fault_of_the_new_system_is_a_difference() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([{"case_id": 1}])), refused(500));

        assert!(explaining(&Meeting { question: &question, old: &old, new: &new }).is_empty());
    }
}
