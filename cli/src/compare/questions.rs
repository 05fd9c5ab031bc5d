//! Every question about a study, except the pages of the exports (`exports.rs`), whose number only the answers tell.

use super::question::{Caller, Question};
use super::study::Study;

/// The questions, those about the study first.
pub fn all(study: &Study) -> Vec<Question> {
    let mut questions = participants(study);
    questions.extend(assignments(study));
    questions.extend(administration(study));
    questions.extend(refused(study));
    questions
}

fn participants(study: &Study) -> Vec<Question> {
    let ask = |participant: &super::study::Participant| {
        let about = format!("account {}", participant.id);
        let caller = || Caller::Participant(participant.email.clone());
        [
            Question::get("GET /api/cases", &about, "/api/cases", caller()),
            Question::get("GET /api/config/answer", &about, "/api/config/answer", caller()),
        ]
    };
    study.participants.iter().flat_map(ask).collect()
}

fn assignments(study: &Study) -> Vec<Question> {
    let ask = |assignment: &super::study::Assignment| {
        let path = format!("/api/case-reviews/{}", assignment.id);
        Question::get(
            "GET /api/case-reviews/{id}",
            format!("assignment {}", assignment.id),
            path,
            Caller::Participant(assignment.email.clone()),
        )
    };
    study.assignments.iter().map(ask).collect()
}

fn administration(study: &Study) -> Vec<Question> {
    let mut questions = vec![
        Question::get("GET /api/healthcheck", "anyone", "/api/healthcheck", Caller::Nobody),
        Question::get("GET /api/config/answer", "anyone", "/api/config/answer", Caller::Nobody),
        Question::get("GET /admin/users", "all accounts", "/admin/users", Caller::AdminKey),
        Question::get("GET /api/v1/experiments", "all", "/api/v1/experiments", Caller::ExportKey),
    ];
    for status in ["active", "paused", "completed", "archived"] {
        let path = format!("/api/v1/experiments?status={status}");
        questions.push(Question::get("GET /api/v1/experiments", status, path, Caller::ExportKey));
    }
    for experiment in &study.experiments {
        let path = format!("/api/v1/experiments/{experiment}");
        let runs = format!("{path}/runs");
        questions.push(Question::get("GET /api/v1/experiments/{id}", experiment, path, Caller::ExportKey));
        questions.push(Question::get("GET /api/v1/experiments/{id}/runs", experiment, runs, Caller::ExportKey));
    }
    questions
}

/// Requests that must be refused.
fn refused(study: &Study) -> Vec<Question> {
    let mut questions = vec![
        Question::get("GET /api/cases", "no token", "/api/cases", Caller::Nobody),
        Question::get("GET /api/cases", "garbage for a token", "/api/cases", Caller::Garbage),
        Question::get("GET /api/config/answer", "garbage for a token", "/api/config/answer", Caller::Garbage),
        Question::get("GET /api/v1/experiments", "no key", "/api/v1/experiments", Caller::Nobody),
        Question::get("GET /api/v1/experiments/{id}", "unknown", "/api/v1/experiments/exp-unknown", Caller::ExportKey),
        Question::get("unknown path", "below /api", "/api/no-such-path", Caller::Nobody),
        Question::get("unknown path", "at the root", "/no-such-path", Caller::Nobody),
        Question::get("wrong method", "DELETE /api/cases", "/api/cases", Caller::Nobody).with_method("DELETE"),
        Question::get("wrong method", "GET /api/auth/login", "/api/auth/login", Caller::Nobody),
        Question::get("wrong method", "PUT /api/config/answer", "/api/config/answer", Caller::Nobody)
            .with_method("PUT"),
    ];
    for export in super::exports::EXPORTS {
        questions.push(Question::get(export.route, "no key", export.path, Caller::Nobody));
    }
    let Some(one) = study.participants.first() else { return questions };
    let email = || one.email.clone();
    questions.extend([
        Question::get("GET /api/cases", "expired token", "/api/cases", Caller::Expired(email())),
        Question::get("GET /api/cases", "forged token", "/api/cases", Caller::Forged(email())),
        Question::get("GET /api/config/answer", "forged token", "/api/config/answer", Caller::Forged(email())),
        Question::get(
            "GET /api/v1/experiments",
            "a participant's token",
            "/api/v1/experiments",
            Caller::Participant(email()),
        ),
        Question::get(
            "GET /api/case-reviews/{id}",
            "unknown",
            "/api/case-reviews/unknown",
            Caller::Participant(email()),
        ),
    ]);
    if let Some(another) = study.assignments.iter().find(|assignment| assignment.email != one.email) {
        let path = format!("/api/case-reviews/{}", another.id);
        questions.push(Question::get(
            "GET /api/case-reviews/{id}",
            "another's case",
            path,
            Caller::Participant(email()),
        ));
    }
    questions
}
