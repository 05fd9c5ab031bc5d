use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, TestApp};

async fn create(api: &TestApp, experiment: Value) -> Answer {
    api.send_with_key(Method::POST, "/api/v1/experiments", &experiment).await
}

async fn post(api: &TestApp, path: &str, body: String) -> Answer {
    let request = Request::post(path).header("x-api-key", API_KEY).header("content-type", "application/json");
    api.send(request.body(Body::from(body)).unwrap()).await
}

const EXPERIMENTS: &str = "/api/v1/experiments";
/// Path of the runs of the fixture's active experiment.
const RUNS: &str = "/api/v1/experiments/exp-alpha/runs";
/// Path of its pending run.
const RUN: &str = "/api/v1/experiments/exp-alpha/runs/2";

async fn report(api: &TestApp, report: Value) -> Answer {
    api.send_with_key(Method::PATCH, RUN, &report).await
}

#[tokio::test]
async fn a_new_experiment_is_active_and_has_dates_with_a_zone() {
    let api = TestApp::with_contract_data().await;

    let arms = json!([{"name": "control", "path_config": []}, {"name": "ai", "weight": 0.50}]);
    let created = create(&api, json!({"name": "Study", "arms": arms})).await;
    let one =
        api.get_with_key(&format!("/api/v1/experiments/{}", created.data()["experiment_id"].as_str().unwrap())).await;

    assert_eq!(created.status, 201);
    assert_eq!((&created.data()["status"], &created.data()["arms"]), (&json!("active"), &arms));
    assert!(created.data()["created_at"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!(one.data()["created_at"], created.data()["created_at"]);
    assert_eq!(one.data()["runs"], json!([]));
}

#[tokio::test]
async fn arms_that_the_frontend_cannot_show_are_refused() {
    let api = TestApp::with_contract_data().await;

    for arms in
        [json!({"a": 1}), json!("ai"), json!(1), json!([]), json!([null]), json!([{"Name": "ai"}]), json!([1.5])]
    {
        let answer = create(&api, json!({"name": "Study", "arms": arms})).await;
        assert_eq!(answer.status, 400, "{arms}");
        assert!(answer.error_message().starts_with("arms"), "{}", answer.error_message());
    }
    let experiments = api.get_with_key("/api/v1/experiments").await.data()["experiments"].take();
    assert_eq!(experiments.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_refusal_names_the_field() {
    let api = TestApp::with_contract_data().await;

    for (field, wrong) in [
        ("name", json!("x".repeat(201))),
        ("name", json!(5)),
        ("name", json!("")),
        ("description", json!({})),
        ("case_pool", json!({"a": 1})),
        ("case_pool", json!("\u{0}")),
    ] {
        let mut experiment = json!({"name": "Study", "arms": [{"name": "ai"}]});
        experiment[field] = wrong;
        let answer = create(&api, experiment).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error_message().starts_with(field), "{}", answer.error_message());
    }
    let unnamed = create(&api, json!({"name": "", "arms": [{"name": "ai"}]})).await;
    assert_eq!(unnamed.error_message(), "name: is empty");
}

#[tokio::test]
async fn a_status_can_be_changed_to_any_known_one() {
    let api = TestApp::with_contract_data().await;
    let change = async |id: &str, status: &str| {
        let path = format!("/api/v1/experiments/{id}/status");
        api.send_with_key(Method::PATCH, &path, &json!({ "status": status })).await
    };

    for status in ["paused", "completed", "archived", "active"] {
        assert_eq!(change("exp-alpha", status).await.data()["status"], status);
    }
    assert_eq!(change("exp-alpha", "ACTIVE").await.status, 400);
    assert_eq!(change("exp-zeta", "active").await.status, 404);
}

#[tokio::test]
async fn a_run_reports_its_progress() {
    let api = TestApp::with_contract_data().await;

    let running = report(&api, json!({"status": "running", "model_version": "m2"})).await.data();
    let completed =
        report(&api, json!({"status": "completed", "configs_generated": 12, "answers_consumed": 0})).await.data();

    assert_eq!((&running["status"], &running["completed_at"]), (&json!("running"), &json!(null)));
    assert_eq!(completed["started_at"], running["started_at"]);
    assert!(completed["completed_at"].as_str().unwrap().ends_with("+00:00"));
    assert_eq!((&completed["model_version"], &completed["configs_generated"]), (&json!("m2"), &json!(12)));
    let runs = api.get_with_key("/api/v1/experiments/exp-alpha/runs").await.data()["runs"].take();
    assert_eq!(runs[0], completed);
}

#[tokio::test]
async fn a_run_refuses_other_transitions_and_invalid_values() {
    let api = TestApp::with_contract_data().await;

    let refused = report(&api, json!({"status": "completed"})).await;
    assert_eq!(
        (refused.status.as_u16(), refused.error_message()),
        (409, "status: a pending run cannot become completed".into())
    );
    for (field, wrong) in [
        ("status", json!("done")),
        ("configs_generated", json!(-1)),
        ("answers_consumed", json!("5")),
        ("model_version", json!("x".repeat(101))),
        ("started_at", json!("2026-01-01T10:00:00")),
        ("completed_at", json!("2026-01-01T10:00:00Z")),
    ] {
        let answer = report(&api, json!({ field: wrong })).await;
        assert_eq!(answer.status, 400, "{field}");
        assert!(answer.error_message().starts_with(field), "{}", answer.error_message());
    }
    assert_eq!(report(&api, json!({})).await.data()["status"], "pending");
}

#[tokio::test]
async fn a_run_is_found_only_in_its_own_experiment() {
    let api = TestApp::with_contract_data().await;

    for path in ["exp-alpha/runs/99", "exp-beta/runs/2", "exp-zeta/runs/2", "exp-alpha/runs/two"] {
        let path = format!("/api/v1/experiments/{path}");
        let answer = api.send_with_key(Method::PATCH, &path, &json!({"status": "running"})).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}

#[tokio::test]
async fn only_services_and_administrators_use_experiments() {
    let api = TestApp::with_contract_data().await;
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));

    for path in ["/api/v1/experiments", "/api/v1/experiments/exp-alpha", "/api/v1/experiments/exp-alpha/runs"] {
        assert_eq!(api.get(path, None).await.status, 401, "{path}");
        assert_eq!(api.get(path, Some(&participant)).await.status, 403, "{path}");
        assert_eq!(api.get(path, Some(&administrator)).await.status, 200, "{path}");
    }
    let request = |token| tests::app::json_request(Method::PATCH, RUN, token, &json!({"status": "running"}));
    assert_eq!(api.send(request(None)).await.status, 401);
    assert_eq!(api.send(request(Some(&participant))).await.status, 403);
}

/// Returns JSON numbers outside the range of PostgreSQL's `numeric`, which has up to 16,383 digits after the decimal point.
fn numbers_out_of_range() -> [String; 6] {
    let places = format!("0.{}1", "0".repeat(16_383));
    ["1e-20000", "0e-16384", "-1.5e-16383", "0e9999999999", "1e-99999999999999999999", &places].map(str::to_owned)
}

#[tokio::test]
async fn a_number_that_cannot_be_stored_is_refused_by_its_field() {
    let api = TestApp::with_contract_data().await;

    for number in numbers_out_of_range() {
        for (path, field, body) in [
            (EXPERIMENTS, "arms", format!(r#"{{"name": "x", "arms": [{{"name": "ai", "weight": {number}}}]}}"#)),
            (EXPERIMENTS, "case_pool", format!(r#"{{"name": "x", "arms": ["ai"], "case_pool": [{number}]}}"#)),
            (RUNS, "run_params", format!(r#"{{"run_params": {{"e": [{number}]}}}}"#)),
        ] {
            let answer = post(&api, path, body).await;

            assert_eq!(answer.status, 400, "{field} {number:.30}");
            assert!(answer.error_message().starts_with(&format!("{field}: ")), "{}", answer.error_message());
        }
    }
}

#[tokio::test]
async fn numbers_at_the_limits_of_precision_are_stored() {
    let api = TestApp::with_contract_data().await;
    let places = format!("0.{}1", "0".repeat(16_382));

    for number in ["1e-16383", "1.5e-16382", "0e1073741822", "1e308", "-0.5e+3", &places] {
        let answer = post(&api, RUNS, format!(r#"{{"run_params": {{"1e-20000": [{number}, "\"1e-20000"]}}}}"#)).await;

        assert_eq!(answer.status, 201, "{number:.30}: {}", answer.error_message());
    }
}

#[tokio::test]
async fn a_date_outside_the_calendar_is_null() {
    let api = TestApp::with_contract_data().await;
    let odd = "UPDATE experiment SET created_at = 'infinity', updated_at = '-infinity';
               UPDATE rl_run SET started_at = 'infinity', completed_at = '20000-01-01'";
    sqlx::raw_sql(odd).execute(api.pool()).await.unwrap();

    let all = api.get_with_key(EXPERIMENTS).await.data();
    let one = api.get_with_key("/api/v1/experiments/exp-alpha").await.data();

    assert_eq!((&all["experiments"][0]["created_at"], &one["updated_at"]), (&Value::Null, &Value::Null));
    assert_eq!((&one["runs"][0]["started_at"], &one["runs"][0]["completed_at"]), (&Value::Null, &Value::Null));
    assert_eq!(report(&api, json!({"model_version": "model-2"})).await.status, 200);
}

#[tokio::test]
async fn setting_the_current_status_changes_nothing() {
    let api = TestApp::with_contract_data().await;
    let set = async |status: &str| {
        let path = "/api/v1/experiments/exp-alpha/status";
        api.send_with_key(Method::PATCH, path, &json!({ "status": status })).await.data()["updated_at"].take()
    };
    let before = api.get_with_key("/api/v1/experiments/exp-alpha").await.data()["updated_at"].take();

    assert_eq!(set("active").await, before);
    assert_ne!(set("paused").await, before);
}
