//! Rules about requests that write, some of which occur in a day on copies.

use super::answer_pair::AnswerPair;
use crate::compare::answer::Answer;

pub fn same_answer_again(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_again = matches!(question.about.as_str(), "the same answer again" | "another answer");
    let status = if question.about == "another answer" { 409 } else { 200 };
    question.route == "POST /api/answer/{id}" && is_again && old.is_fault() && new.status == status
}

/// An empty file, with which the old system deletes every assignment, or a file that it fails to read.
pub fn bad_csv(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    is_upload(question.route) && (old.is_fault() || old.is_empty_list()) && new.status == 400
}

/// Both systems refuse the file; the new one names the row.
pub fn upload_in_one_transaction(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_same_code = old.error_code().is_some() && old.error_code() == new.error_code();
    is_upload(question.route) && is_same_code && !old.is_fault() && matches!(new.status, 400 | 500)
}

fn is_upload(route: &str) -> bool {
    route == "POST /admin/config/upload"
}

pub fn batch_entries(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let succeeded = |answer: &Answer| {
        let results = answer.json().and_then(|body| body["data"]["results"].as_array()).cloned().unwrap_or_default();
        results.iter().filter(|result| result["error"].is_null()).count()
    };
    question.route == "POST /api/v1/configs/batch"
        && new.status == 201
        && (old.is_fault() || succeeded(old) < succeeded(new))
}

pub fn accounts(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    question.route == "POST /admin/users" && old.is_fault() && new.status == 201
}

pub fn reset_rules(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    question.route == "POST /api/auth/reset-password" && old.is_success() && new.has_code("1001")
}

pub fn mail_failure(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let sends = matches!(question.route, "POST /api/auth/reset-password-request" | "POST /admin/users");
    sends && old.status >= 500 && new.has_code("1040")
}

pub fn address_in_any_case(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    question.route.starts_with("POST /api/auth/") && old.has_code("1002") && new.is_success()
}

pub fn signup_by_mail(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_refused = new.error_code().is_some_and(|code| code.parse::<u16>().is_ok_and(|code| code >= 1000));
    question.route == "POST /api/auth/signup" && old.is_success() && is_refused
}

pub fn reset_ends_tokens(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    question.about == "a token from before the reset" && old.is_success() && new.is_refused_token()
}

/// The old system still reports a wrong password, or accepts the login.
pub fn failed_logins(AnswerPair { question, old, new }: &AnswerPair<'_>) -> bool {
    let is_login = question.route == "POST /api/auth/login";
    is_login && (old.is_success() || old.has_code("1005")) && new.has_code("1050")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::explaining;
    use crate::compare::answer::{Answer, Body};
    use crate::compare::question::{Caller, Question};
    use crate::compare::rules::answer_pair::AnswerPair;

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn done(status: u16, data: Value) -> Answer {
        Answer::new(status, "application/json", Body::Json(json!({ "data": data })))
    }

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn code(status: u16, code: Value) -> Answer {
        Answer::new(status, "application/json", Body::Json(json!({"data": null, "error": {"code": code}})))
    }

    fn business(number: &str) -> Answer {
        code(500, json!(number))
    }

    fn rules(route: &'static str, about: &str, old: &Answer, new: &Answer) -> Vec<&'static str> {
        let question = Question::get(route, about, "/", Caller::Nobody);
        explaining(&AnswerPair { question: &question, old, new })
    }

    #[test]
    fn each_rule_explains_its_difference() {
        let (fault, refused) = (code(500, json!(500)), code(400, json!(400)));
        let token = Answer::new(401, "application/json", Body::Json(json!({"msg": null})));
        let [answer, upload] = ["POST /api/answer/{id}", "POST /admin/config/upload"];
        let [login, signup] = ["POST /api/auth/login", "POST /api/auth/signup"];
        let [batch, accounts] = ["POST /api/v1/configs/batch", "POST /admin/users"];
        let reset = "POST /api/auth/reset-password";
        let ok = done(200, json!("done"));
        let results = |results: Value| done(201, json!({ "results": results }));

        for (name, route, about, old, new) in [
            ("same-answer-again", answer, "the same answer again", &fault, &done(200, json!({"id": 1}))),
            ("same-answer-again", answer, "another answer", &fault, &code(409, json!(409))),
            ("bad-csv-400", upload, "", &fault, &refused),
            ("bad-csv-400", upload, "", &done(200, json!([])), &refused),
            ("upload-in-one-transaction", upload, "", &business("1012"), &code(400, json!("1012"))),
            ("batch-entries-stand-alone", batch, "", &results(json!([{"error": "x"}])), &results(json!([{}]))),
            ("accounts-stand-alone", accounts, "", &fault, &done(201, json!({}))),
            ("reset-keeps-the-rules", reset, "", &ok, &business("1001")),
            ("mail-failure", "POST /api/auth/reset-password-request", "", &fault, &business("1040")),
            ("address-in-any-case", login, "", &business("1002"), &ok),
            ("signup-by-mail", signup, "", &done(201, json!("done")), &business("1002")),
            ("reset-ends-tokens", "GET /api/cases", "a token from before the reset", &ok, &token),
            ("failed-logins", login, "", &business("1005"), &business("1050")),
        ] {
            assert_eq!(rules(route, about, old, new), [name], "{route} {about}");
        }
    }

    #[test]
    fn no_rule_explains_a_write_that_fails_only_in_the_new_system() {
        let (ok, fault) = (done(200, json!({"id": 1})), code(500, json!(500)));
        for route in
            ["POST /api/answer/{id}", "POST /api/analytics", "POST /admin/config/upload", "POST /api/auth/login"]
        {
            assert!(rules(route, "an answer", &ok, &fault).is_empty(), "{route}");
            assert!(rules(route, "an answer", &ok, &code(401, json!(401))).is_empty(), "{route}");
        }
    }
}
