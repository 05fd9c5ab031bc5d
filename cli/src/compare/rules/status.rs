//! Rules about a response as a whole.

use super::answer_pair::AnswerPair;
use crate::compare::answer::Token;
use crate::compare::answer::{Answer, Body};
use crate::compare::question::{Accepts, Caller};

pub fn closed_admin(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_no_administrator = matches!(question.caller, Caller::Nobody | Caller::Participant(_));
    question.path.starts_with("/admin/") && is_no_administrator && old.is_success() && new.is_denied()
}

pub fn closed_services(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_token = matches!(question.caller, Caller::Participant(_));
    question.path.starts_with("/api/v1/") && is_token && old.is_success() && new.is_denied()
}

pub fn account_exists(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    matches!(question.caller, Caller::Inactive(_)) && !old.is_denied() && new.is_refused_token()
}

/// Requires equal responses except for the token.
pub fn token_renewal(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_ageing = matches!(question.caller, Caller::Ageing(_));
    let renewed = Answer { token: Token::Renewed, ..(*old).clone() };
    is_ageing && old.token == Token::Same && renewed == **new
}

pub fn bad_token(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_bad = matches!(question.caller, Caller::Expired(_) | Caller::Forged(_) | Caller::Garbage | Caller::Nobody);
    is_bad && matches!(old.status, 401 | 422) && new.is_refused_token()
}

/// For reads, the wrong input is the query; requests for export pages are always valid.
pub fn bad_input(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_page = question.path.contains("offset=");
    question.path.contains('?') && !is_page && old.is_fault() && new.status == 400
}

/// The old system stops at the assignment: it returns no next case, or fails.
pub fn skipped_assignment(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let has_none = old.is_fault() || old.is_empty_list();
    question.route == "GET /api/cases" && question.lacks_case && has_none && new.is_success()
}

pub fn incomplete_data(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_case = question.route.contains("case-reviews") || question.route == "GET /api/cases";
    is_case && old.is_fault() && (new.is_success() || new.has_code("1010"))
}

/// Repeated rows shift all later pages, so `exports::are_repeated` compares whole exports. This handles a limit of 0.
pub fn exported_once(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    question.path.ends_with("?limit=0") && old.is_success() && new.status == 400
}

pub fn csv_header(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let Body::Text(header) = &new.body else { return false };
    let is_empty = matches!(&old.body, Body::Text(text) if text.is_empty());
    question.accepts == Accepts::Csv
        && is_empty
        && header.lines().count() == 1
        && (old.status, new.status) == (200, 200)
}

pub fn questionnaire_bad_token(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_bad = matches!(question.caller, Caller::Expired(_) | Caller::Forged(_) | Caller::Garbage);
    question.path == "/api/config/answer" && is_bad && old.is_success() && new.status == 401
}

/// Requires an equal status, and a new response that is an error in the envelope.
pub fn envelope(AnswerPair { old, new, .. }: &AnswerPair<'_>) -> bool {
    let is_html = old.media_type == "text/html";
    old.status == new.status && matches!(new.status, 404 | 405 | 415) && is_html && new.error_code().is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::explaining;
    use crate::compare::answer::{Answer, Body, Token};
    use crate::compare::question::{Caller, Question};
    use crate::compare::rules::answer_pair::AnswerPair;

    fn answer(status: u16, body: Value) -> Answer {
        Answer::new(status, "application/json", Body::Json(body))
    }

    fn page(status: u16) -> Answer {
        Answer::new(status, "text/html", Body::Text("<!doctype html>".to_owned()))
    }

    fn refused(status: u16) -> Answer {
        answer(status, json!({"data": null, "error": {"code": status, "message": null}}))
    }

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn listed(data: Value) -> Answer {
        answer(200, json!({ "data": data }))
    }

    fn participant() -> Caller {
        Caller::Participant("a@b.test".to_owned())
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn assert_rule(name: &str, (route, path, caller): (&'static str, &str, Caller), old: Answer, new: Answer) {
        let question = Question::get(route, "a test", path, caller).lacking_case(name == "skipped-assignment");
        assert_eq!(explaining(&AnswerPair { question: &question, old: &old, new: &new }), [name], "{old:?} {new:?}");
    }

    #[test]
    fn each_rule_explains_its_difference() {
        let inactive = || ("GET /api/cases", "/api/cases", Caller::Inactive("a@b.test".to_owned()));
        let cases = || ("GET /api/cases", "/api/cases", participant());
        let review = || ("GET /api/case-reviews/{id}", "/api/case-reviews/1", participant());
        let export = |path: &'static str| ("GET /api/v1/export/answers", path, Caller::Service);
        let bad = |path: &'static str| ("GET", path, Caller::Garbage);
        let msg = |status| answer(status, json!({"msg": null}));

        assert_rule("closed-admin", ("GET", "/admin/users", Caller::Nobody), listed(json!([])), refused(401));
        assert_rule("closed-services", ("GET", "/api/v1/experiments", participant()), listed(json!([])), refused(403));
        assert_rule("account-exists", inactive(), listed(json!([{"case_id": 1}])), msg(401));
        assert_rule("bad-token-401", bad("/api/cases"), msg(422), msg(401));
        assert_rule("bad-input-400", export("/api/v1/export/answers?limit=ten"), refused(500), refused(400));
        assert_rule("skipped-assignment", cases(), listed(json!([])), listed(json!([{"case_id": 1}])));
        assert_rule("incomplete-data", review(), refused(500), listed(json!({})));
        assert_rule("exported-once", export("/api/v1/export/answers?limit=0"), listed(json!([])), refused(400));
        assert_rule("questionnaire-bad-token", bad("/api/config/answer"), listed(json!([])), msg(401));
        assert_rule("envelope", ("GET", "/api/cases", Caller::Nobody), page(405), refused(405));
    }

    #[test]
    fn a_csv_without_rows_has_a_header() {
        let text = |body: &str| Answer { body: Body::Text(body.to_owned()), ..page(200) };
        let question = Question::get("GET", "a test", "/api/v1/export/answers", Caller::Service).for_csv();
        let (old, new, rows) = (text(""), text("a,b\r\n"), text("a,b\r\n1,2\r\n"));

        assert_eq!(explaining(&AnswerPair { question: &question, old: &old, new: &new }), ["csv-header"]);
        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &rows }).is_empty());
    }

    #[test]
    fn a_token_past_half_of_its_lifetime_may_be_renewed() {
        let caller = Caller::Ageing("a@b.test".to_owned());
        let question = Question::get("GET /api/cases", "a test", "/api/cases", caller);
        let with = |token, case: u8| Answer { token, ..listed(json!([{"case_id": case}])) };
        let rules =
            |new: Answer| explaining(&AnswerPair { question: &question, old: &with(Token::Same, 1), new: &new });

        assert_eq!(rules(with(Token::Renewed, 1)), ["token-renewal"]);
        for new in [with(Token::Renewed, 2), with(Token::Wrong, 1), with(Token::Missing, 1)] {
            assert!(rules(new.clone()).is_empty(), "{new:?}");
        }
    }

    #[test]
    fn no_rule_explains_a_refused_active_participant() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([])), answer(401, json!({"msg": null})));

        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty());
    }

    #[test]
    fn no_rule_explains_a_refused_key() {
        for (path, caller) in [("/admin/users", Caller::Administrator), ("/api/v1/experiments", Caller::Service)] {
            let question = Question::get("GET", "a test", path, caller);
            let (old, new) = (listed(json!([])), refused(401));

            assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty(), "{path}");
        }
    }

    #[test]
    fn a_case_that_only_the_new_system_offers_is_a_difference() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([])), listed(json!([{"case_id": 1}])));

        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty());
    }

    #[test]
    fn another_next_case_is_a_difference() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([{"case_id": 1}])), listed(json!([{"case_id": 2}])));

        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty());
    }

    #[test]
    fn a_server_error_of_the_new_system_is_a_difference() {
        let question = Question::get("GET /api/cases", "a test", "/api/cases", participant());
        let (old, new) = (listed(json!([{"case_id": 1}])), refused(500));

        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty());
    }
}
