//! All requests about a study, except the pages of exports (`exports.rs`), whose number only the responses reveal.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::exports::EXPORTS;
use super::question::{Caller, Question};
use super::study::{Assignment, Participant, Study};

/// Characters that are not escaped in a path (RFC 3986 section 2.3, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const CASES: &str = "GET /api/cases";
const QUESTIONNAIRE: &str = "GET /api/config/answer";
const REVIEW: &str = "GET /api/case-reviews/{id}";
const EXPERIMENTS: &str = "GET /api/v1/experiments";
const ACCOUNTS: &str = "GET /admin/users";

/// Returns the requests, those about the study first.
pub fn all(study: &Study) -> Vec<Question> {
    let mut questions: Vec<_> = study.participants.iter().flat_map(next_case_and_questionnaire).collect();
    questions.extend(study.assignments.iter().map(|assignment| review(assignment, assignment.email.clone())));
    questions.extend(administration(study));
    questions.extend(refused_to_anyone());
    if let Some(one) = study.participants.first() {
        questions.extend(refused_tokens(one));
        questions.extend(refused_to_participants(one, study));
    }
    questions
}

fn next_case_and_questionnaire(participant: &Participant) -> [Question; 2] {
    let about = format!("account {}", participant.id);
    let caller = || Caller::Participant(participant.email.clone());
    [
        Question::get(CASES, &about, "/api/cases", caller()).lacking_case(participant.lacks_case),
        Question::get(QUESTIONNAIRE, &about, "/api/config/answer", caller()),
    ]
}

fn review(assignment: &Assignment, caller: String) -> Question {
    let path = format!("/api/case-reviews/{}", utf8_percent_encode(&assignment.id, ESCAPED));
    let about = format!("assignment {}", name(&assignment.id));
    let question = Question::get(REVIEW, about, path, Caller::Participant(caller)).lacking_case(assignment.lacks_case);
    Question { has_deep_paths: assignment.has_deep_paths, ..question }
}

/// Returns an id without an address, which an id chosen by a person may contain. Different ids have different names, because a journal
/// finds a request by its name.
fn name(id: &str) -> String {
    if !id.contains('@') {
        return id.to_owned();
    }
    let digest = Sha256::digest(id);
    let number = digest.iter().take(8).fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
    format!("with an address for an id ({number:016x})")
}

fn administration(study: &Study) -> Vec<Question> {
    let mut questions = vec![
        Question::get("GET /api/healthcheck", "anyone", "/api/healthcheck", Caller::Nobody),
        Question::get(QUESTIONNAIRE, "anyone", "/api/config/answer", Caller::Nobody),
        Question::get(ACCOUNTS, "all accounts", "/admin/users", Caller::Administrator),
        Question::get(EXPERIMENTS, "all", "/api/v1/experiments", Caller::Service),
    ];
    for account in &study.accounts {
        let path = format!("/admin/users/{account}");
        questions.push(Question::get("GET /admin/users/{id}", account, path, Caller::Administrator));
    }
    for status in ["active", "paused", "completed", "archived"] {
        let path = format!("/api/v1/experiments?status={status}");
        questions.push(Question::get(EXPERIMENTS, status, path, Caller::Service));
    }
    for experiment in &study.experiments {
        let path = format!("/api/v1/experiments/{}", utf8_percent_encode(experiment, ESCAPED));
        let (about, runs) = (name(experiment), format!("{path}/runs"));
        questions.push(Question::get("GET /api/v1/experiments/{id}", &about, path, Caller::Service));
        questions.push(Question::get("GET /api/v1/experiments/{id}/runs", &about, runs, Caller::Service));
    }
    questions
}

/// Returns requests with unknown paths and methods, without token and key, and with wrong input.
fn refused_to_anyone() -> Vec<Question> {
    let nobody = |route, about, path| Question::get(route, about, path, Caller::Nobody);
    let mut questions = vec![
        nobody(CASES, "no token", "/api/cases"),
        nobody(ACCOUNTS, "no key", "/admin/users"),
        nobody(EXPERIMENTS, "no key", "/api/v1/experiments"),
        Question::get("GET /api/v1/experiments/{id}", "unknown", "/api/v1/experiments/exp-unknown", Caller::Service),
        Question::get("GET /admin/users/{id}", "unknown", "/admin/users/2147483647", Caller::Administrator),
        nobody("unknown path", "below /api", "/api/no-such-path"),
        nobody("unknown path", "at the root", "/no-such-path"),
        nobody("unknown path", "a slash too many", "/api/healthcheck/"),
        nobody("wrong method", "DELETE /api/cases", "/api/cases").with_method("DELETE"),
        nobody("wrong method", "GET /api/auth/login", "/api/auth/login"),
        nobody("wrong method", "PUT /api/config/answer", "/api/config/answer").with_method("PUT"),
    ];
    for export in EXPORTS {
        let wrong_limit = |limit: &str| format!("{}?limit={limit}", export.path);
        questions.extend([
            nobody(export.route, "no key", export.path),
            Question::get(export.route, "limit=ten", wrong_limit("ten"), Caller::Service),
            Question::get(export.route, "limit=0", wrong_limit("0"), Caller::Service),
        ]);
    }
    questions
}

fn refused_tokens(one: &Participant) -> Vec<Question> {
    let email = || one.email.clone();
    let unknown = || Caller::Inactive("nobody@compare.invalid".to_owned());
    let mut questions = vec![
        Question::get(CASES, "a token past half of its life", "/api/cases", Caller::Ageing(email()))
            .lacking_case(one.lacks_case),
        Question::get(CASES, "an account that is not there", "/api/cases", unknown()),
    ];
    for (route, path) in [(CASES, "/api/cases"), (QUESTIONNAIRE, "/api/config/answer")] {
        questions.extend([
            Question::get(route, "garbage for a token", path, Caller::Garbage),
            Question::get(route, "expired token", path, Caller::Expired(email())),
            Question::get(route, "forged token", path, Caller::Forged(email())),
        ]);
    }
    questions
}

fn refused_to_participants(one: &Participant, study: &Study) -> Vec<Question> {
    let caller = || Caller::Participant(one.email.clone());
    let mut questions = vec![
        Question::get(EXPERIMENTS, "a participant's token", "/api/v1/experiments", caller()),
        Question::get(ACCOUNTS, "a participant's token", "/admin/users", caller()),
        Question::get(REVIEW, "unknown", "/api/case-reviews/unknown", caller()),
    ];
    for export in EXPORTS {
        let path = format!("{}?limit=1", export.path);
        questions.push(Question::get(export.route, "a participant's token", path, caller()));
    }
    if let Some(another) = study.assignments.iter().find(|assignment| assignment.email != one.email) {
        let about = "another participant's case".to_owned();
        questions.push(Question { about, ..review(another, one.email.clone()) });
    }
    questions
}
