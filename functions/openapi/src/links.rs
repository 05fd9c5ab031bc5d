//! The links of the document: which request can follow a response, and which values of the response it takes.
//!
//! Readers learn from the links how operations belong together, and `scripts/schemathesis` follows them.

use serde_json::Value;
use utoipa::Modify;
use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{OpenApi as Document, RefOr};

use crate::operations::operations;

/// The request that can follow a success of `from`. Parameters are runtime expressions (OpenAPI 3.1, section 4.8.20.4).
struct Next {
    from: &'static str,
    to: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    /// The part of the body that comes from the response: JSON with runtime expressions.
    body: Option<&'static str>,
}

const fn next(from: &'static str, to: &'static str, parameters: &'static [(&'static str, &'static str)]) -> Next {
    Next { from, to, parameters, body: None }
}

impl Next {
    const fn with_body(self, body: &'static str) -> Self {
        Self { body: Some(body), ..self }
    }
}

const SAME_ID: (&str, &str) = ("id", "$request.path.id");
const NEW_EXPERIMENT: (&str, &str) = ("id", "$response.body#/data/experiment_id");
const FIRST_EXPERIMENT: (&str, &str) = ("id", "$response.body#/data/experiments/0/experiment_id");
const FIRST_USER: (&str, &str) = ("id", "$response.body#/data/users/0/id");
const NEXT_ENTRIES: (&str, &str) = ("cursor", "$response.body#/data/next_cursor");
const NEXT_ROWS: (&str, &str) = ("cursor", "$response.body#/pagination/next_cursor");

const LINKS: &[Next] = &[
    // a clinician: the next case, its page, the answer and its timing, the case after it
    next("post_login", "get_cases", &[]),
    next("get_cases", "get_case_review", &[("case_config_id", "$response.body#/data/0/config_id")]),
    next("get_cases", "post_answer", &[("task_id", "$response.body#/data/0/config_id")]),
    next("get_case_review", "post_answer", &[("task_id", "$request.path.case_config_id")]),
    next("post_answer", "post_analytics", &[]).with_body(r#"{"caseConfigId": "$request.path.task_id"}"#),
    next("post_answer", "get_cases", &[]),
    next("post_answer", "get_case_review", &[("case_config_id", "$request.path.task_id")]),
    next("post_answer", "get_export_answers", &[]),
    next("post_analytics", "get_export_analytics", &[]),
    // a service: an experiment, its runs and their assignments
    next("post_experiment", "get_experiment", &[NEW_EXPERIMENT]),
    next("post_experiment", "patch_experiment_status", &[NEW_EXPERIMENT]),
    next("post_experiment", "post_experiment_run", &[NEW_EXPERIMENT]),
    next("post_experiment", "get_experiments", &[]),
    next("get_experiments", "get_experiments", &[NEXT_ENTRIES]),
    next("get_experiments", "get_experiment", &[FIRST_EXPERIMENT]),
    next("get_experiments", "get_experiment_runs", &[FIRST_EXPERIMENT]),
    next("patch_experiment_status", "get_experiment", &[SAME_ID]),
    next("patch_experiment_status", "post_experiment_run", &[SAME_ID]),
    next("post_experiment_run", "patch_experiment_run", &[SAME_ID, ("run_id", "$response.body#/data/id")]),
    next("post_experiment_run", "get_experiment_runs", &[SAME_ID]),
    next("post_experiment_run", "post_configs_batch", &[])
        .with_body(r#"{"configs": [{"experiment_id": "$request.path.id", "rl_run_id": "$response.body#/data/id"}]}"#),
    next("patch_experiment_run", "patch_experiment_run", &[SAME_ID, ("run_id", "$request.path.run_id")]),
    next("patch_experiment_run", "get_experiment_runs", &[SAME_ID]),
    next("patch_experiment_run", "get_experiment", &[SAME_ID]),
    next("get_experiment_runs", "get_experiment_runs", &[SAME_ID, NEXT_ENTRIES]),
    next("get_experiment_runs", "patch_experiment_run", &[SAME_ID, ("run_id", "$response.body#/data/runs/0/id")]),
    next("post_configs_batch", "get_cases", &[]),
    next("post_configs_batch", "get_export_display_configs", &[]),
    // an administrator: accounts, assignments, questionnaires, and what the audit trail says of them
    next("post_users", "get_users", &[]),
    next("get_users", "get_users", &[NEXT_ENTRIES]),
    next("get_users", "get_user", &[FIRST_USER]),
    next("get_users", "delete_invitation", &[FIRST_USER]),
    next("delete_invitation", "get_user", &[("id", "$response.body#/data/id")]),
    next("delete_invitation", "get_audit", &[]),
    next("post_admin_config_upload_preview", "post_admin_config_upload", &[]),
    next("post_admin_config_upload", "get_export_display_configs", &[]),
    next("post_admin_config_upload", "get_cases", &[]),
    next("post_config_upload", "get_export_display_configs", &[]),
    next("post_config_upload", "get_cases", &[]),
    next("post_config_answer", "get_config_answer", &[]),
    next("post_config_answer", "get_audit", &[]),
    next("get_audit", "get_audit", &[NEXT_ENTRIES]),
    // a researcher: page after page
    next("get_export_answers", "get_export_answers", &[NEXT_ROWS]),
    next("get_export_display_configs", "get_export_display_configs", &[NEXT_ROWS]),
    next("get_export_analytics", "get_export_analytics", &[NEXT_ROWS]),
    next("get_export_participants", "get_export_participants", &[NEXT_ROWS]),
];

/// Adds the links to the successes of all operations.
pub(crate) struct Links;

impl Modify for Links {
    fn modify(&self, document: &mut Document) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let id = operation.operation_id.clone().unwrap_or_default();
            LINKS.iter().filter(|next| next.from == id).for_each(|next| add(operation, next));
        }
    }
}

fn add(operation: &mut Operation, next: &Next) {
    let successes = operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2'));
    for (_, response) in successes {
        if let RefOr::T(response) = response {
            response.links.insert(next.to.to_owned(), link(next).into());
        }
    }
}

fn link(next: &Next) -> Link {
    let body = next.body.map(|body| serde_json::from_str::<Value>(body).expect("a constant is JSON"));
    let link = LinkBuilder::new().operation_id(next.to).request_body(body);
    next.parameters.iter().fold(link, |link, (name, value)| link.parameter(*name, *value)).build()
}
