use http::{Request, header};
use proptest::prelude::*;
use serde_json::{Value, json};
use tests::app::API_KEY;
use tests::service::Service;

use crate::json::{garbled, like, value, written};
use crate::{check, check_few};

const NAMES: &[&str] = &[
    "email",
    "password",
    "resetToken",
    "answer",
    "answerConfigId",
    "aiScoreShown",
    "caseConfigId",
    "caseOpenTime",
    "answerOpenTime",
    "answerSubmitTime",
    "users",
    "name",
    "position",
    "configs",
    "user_email",
    "case_id",
    "path_config",
    "path",
    "style",
    "top",
    "id",
    "arm",
    "arms",
    "case_pool",
    "description",
    "status",
    "triggered_by",
    "run_params",
    "model_version",
    "config",
    "type",
    "title",
    "options",
    "required",
];

/// Routes with a JSON body, except those with a deliberately delayed response.
pub const PATHS: &[&str] = &[
    "/api/auth/login",
    "/api/auth/signup",
    "/api/auth/reset-password",
    "/api/answer/cfg-a03-empty",
    "/api/analytics",
    "/admin/users",
    "/admin/config/answer",
    "/api/v1/configs/batch",
    "/api/v1/experiments",
    "/api/v1/experiments/exp-alpha/status",
    "/api/v1/experiments/exp-alpha/runs",
    "/api/v1/experiments/exp-alpha/runs/2",
];

const RESET: &str = "/api/auth/reset-password-request";

/// Returns a body that the route accepts.
fn example(path: &str) -> Value {
    let login = json!({"email": "alice@contract.test", "password": "Fresh-pass-1", "resetToken": "used-reset-token"});
    match path {
        "/api/answer/cfg-a03-empty" => {
            json!({"answer": {"a": [1, "b"]}, "answerConfigId": "22222222-2222-4222-8222-222222222222", "aiScoreShown": true})
        }
        "/api/analytics" => json!({
            "caseConfigId": "cfg-a03-empty", "caseOpenTime": "2024-05-01T10:00:00.0Z",
            "answerOpenTime": "2024-05-01T10:01:00.0Z", "answerSubmitTime": "2024-05-01T10:02:00.0Z"}),
        "/admin/users" => json!({"users": [{"email": "new@contract.test", "name": "N", "position": "P"}]}),
        "/admin/config/answer" => {
            json!([{"type": "SingleChoice", "title": "Why?", "options": ["a", "b"], "required": "true"}])
        }
        "/api/v1/configs/batch" => json!({"configs": [{
            "user_email": "alice@contract.test", "case_id": 1, "arm": "a", "path_config": [{"path": "A.B", "style": {"top": 1}}]}]}),
        "/api/v1/experiments" => json!({"name": "D", "arms": ["a", "b"], "case_pool": [1, 2], "description": "d"}),
        "/api/v1/experiments/exp-alpha/status" => json!({"status": "active"}),
        "/api/v1/experiments/exp-alpha/runs" => json!({"triggered_by": "me", "run_params": {"a": 1}}),
        "/api/v1/experiments/exp-alpha/runs/2" => json!({"status": "completed", "model_version": "m"}),
        _ => login,
    }
}

pub fn request(path: &str, token: &str, body: Vec<u8>) -> Request<Vec<u8>> {
    let is_patched = path.ends_with("/status") || path.ends_with("/runs/2");
    let request = Request::builder().method(if is_patched { "PATCH" } else { "POST" }).uri(path);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let is_participants = path.starts_with("/api/a") && !path.starts_with("/api/auth");
    let request = if is_participants {
        request.header(header::AUTHORIZATION, format!("Bearer {token}"))
    } else {
        request.header("x-api-key", API_KEY)
    };
    request.body(body).unwrap()
}

#[test]
fn the_examples_pass_all_checks_before_the_query() {
    let service = Service::without_data();

    for path in PATHS {
        let status = service.put(request(path, &service.token(), example(path).to_string().into_bytes())).unwrap();
        assert_eq!(status, 503, "{path}");
    }
}

fn bodies(path: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let example = example(path);
    prop_oneof![
        2 => like(example.clone(), NAMES).prop_map(|value| written(&value)),
        1 => value(NAMES).prop_map(|value| written(&value)),
        1 => garbled(written(&example)),
    ]
}

/// Generates a route and a body for it.
pub fn any() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    proptest::sample::select(PATHS).prop_flat_map(|path| (Just(path), bodies(path)))
}

#[test]
fn no_body_causes_a_server_error() {
    let service = Service::without_data();

    check(any(), |(path, body)| service.put(request(path, &service.token(), body)).map(drop));
}

/// Responses are delayed by three seconds, so the requests are concurrent: as many as four services admit.
#[test]
fn no_body_of_a_reset_request_causes_a_server_error() {
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let service = Service::without_data();
                let bodies = proptest::collection::vec(bodies(RESET), 60);
                check_few(bodies, 1, |bodies| {
                    service.put_at_once(bodies.into_iter().map(|body| request(RESET, "", body)))
                });
            });
        }
    });
}
