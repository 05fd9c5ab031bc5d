use axum::body::Body;
use futures_util::join;
use http::{Method, Request, header};
use serde_json::{Value, json};
use sqlx::raw_sql;
use tests::app::{API_KEY, Answer, TestApp};

const PATH: &str = "/api/v1/configs/batch";

async fn assign(api: &TestApp, configs: Value) -> Answer {
    api.send_with_key(Method::POST, PATH, &json!({ "configs": configs })).await
}

/// Sends a body that `serde_json::Value` cannot hold.
async fn post(api: &TestApp, body: String) -> Answer {
    let request = Request::post(PATH).header("x-api-key", API_KEY).header(header::CONTENT_TYPE, "application/json");
    api.send(request.body(Body::from(body)).unwrap()).await
}

/// Returns the assignments that were added to the fixture, in order.
async fn added(api: &TestApp) -> Vec<String> {
    sqlx::query_scalar("SELECT id FROM display_config WHERE id NOT LIKE 'cfg-%' ORDER BY upload_order")
        .fetch_all(api.pool())
        .await
        .expect("assignments can be read")
}

#[tokio::test]
async fn entries_are_stored_in_order() {
    let api = TestApp::with_contract_data().await;

    let entry = |id: &str, case: i32| json!({"id": id, "user_email": "bob@contract.test", "case_id": case});
    let answer = assign(&api, json!([entry("z", 2), entry("a", 1), entry("m", 3)])).await;

    assert_eq!((answer.status.as_u16(), answer.data()["total"].take()), (201, json!(3)));
    assert_eq!(added(&api).await, ["z", "a", "m"]);
}

#[tokio::test]
async fn an_arm_has_at_most_100_characters() {
    let api = TestApp::with_contract_data().await;
    let entry = |id: &str, length| json!({"id": id, "user_email": "bob@contract.test", "case_id": 1, "arm": "é".repeat(length)});

    assign(&api, json!([entry("longest", 100), entry("too-long", 101)])).await;

    assert_eq!(added(&api).await, ["longest"]);
}

#[tokio::test]
async fn an_entry_without_an_id_gets_the_same_id_as_in_an_upload() {
    let api = TestApp::with_contract_data().await;

    let entry = json!({"user_email": "alice@contract.test", "case_id": 1, "path_config": [{"path": "A.B"}]});
    let once = assign(&api, json!([entry])).await;
    let again = assign(&api, json!([entry])).await;

    assert_eq!(once.data()["results"][0]["status"], "added");
    assert_eq!(again.data()["results"][0]["status"], "failed");
    assert_eq!(added(&api).await, ["b6e4dfdd7b075dc2afc9f8bece7d8d1d"]);
}

#[tokio::test]
async fn a_failed_entry_does_not_undo_the_others() {
    let api = TestApp::with_contract_data().await;
    let bob = |mut entry: Value| {
        entry["user_email"] = json!("bob@contract.test");
        entry
    };

    let entries = json!([
        bob(json!({"id": "one", "case_id": 1})),
        {},
        bob(json!({"id": "one", "case_id": 2})),
        bob(json!({"id": "cfg-a01-sql-null", "case_id": 2})),
        bob(json!({"id": "two", "case_id": 1.5})),
        bob(json!({"id": "two", "case_id": 1, "arm": "x".repeat(101)})),
        bob(json!({"id": "two", "case_id": 99_999_999_999_i64})),
        bob(json!({"id": "two", "case_id": 2, "path_config": [{"path": "A.B"}]})),
    ]);
    let results = assign(&api, entries).await.data()["results"].take();

    let result =
        |case: Value, status: &str| json!({"user_email": "bob@contract.test", "case_id": case, "status": status});
    let failed = |case: Value, error: &str| {
        let mut failed = result(case, "failed");
        failed["error"] = json!(error);
        failed
    };
    let expected = json!([
        result(json!(1), "added"),
        {"status": "failed", "error": "user_email and case_id required"},
        result(json!(2), "failed"),
        result(json!(2), "failed"),
        failed(json!(1.5), "case_id: expected an integer of 32 bits"),
        failed(json!(1), "arm: longer than 100 characters"),
        failed(json!(99_999_999_999_i64), "case_id: expected an integer of 32 bits"),
        result(json!(2), "added"),
    ]);
    assert_eq!(results, expected);
    assert_eq!(added(&api).await, ["one", "two"]);
}

#[tokio::test]
async fn a_batch_without_a_valid_entry_is_refused_with_the_reasons() {
    let api = TestApp::with_contract_data().await;

    for (field, wrong) in [
        ("case_id", json!("7")),
        ("case_id", json!(true)),
        ("user_email", json!(5)),
        ("id", json!("")),
        ("rl_run_id", json!("2")),
        ("path_config", json!({"path": "A.B"})),
        ("path_config", json!([{"Path": "A.B"}])),
    ] {
        let mut entry = json!({"user_email": "bob@contract.test", "case_id": 1});
        entry[field] = wrong;
        let answer = assign(&api, json!([entry])).await;
        assert_eq!(answer.status, 400, "{entry}");
        assert!(answer.error_message().starts_with(&format!("configs[0].{field}: ")), "{}", answer.error_message());
    }
    assert_eq!(added(&api).await, [""; 0]);
}

const WITH_NUL: &str = r#"{"user_email": "bob@contract.test", "case_id": 1, "path_config": [{"path": "A\u0000"}]}"#;

#[tokio::test]
async fn a_nul_is_refused_with_its_field() {
    let api = TestApp::with_contract_data().await;

    let answer = post(&api, format!(r#"{{"configs": [{WITH_NUL}]}}"#)).await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().starts_with("configs[0].path_config[0].path: "), "{}", answer.error_message());
}

#[tokio::test]
async fn a_nul_is_refused_even_after_another_error() {
    let api = TestApp::with_contract_data().await;
    let wrong = r#"{"user_email": "a@b.c", "case_id": 1e999}"#;

    let answer = post(&api, format!(r#"{{"configs": [{wrong}, {WITH_NUL}]}}"#)).await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("NUL"), "{}", answer.error_message());
    assert_eq!(added(&api).await, [""; 0]);
}

/// Like every other route, and like the old system.
#[tokio::test]
async fn the_last_of_repeated_fields_counts() {
    let api = TestApp::with_contract_data().await;
    let entry = r#"{"id": "a", "user_email": "x@y.z", "user_email": "bob@contract.test", "case_id": 1, "more": NaN}"#;

    assert_eq!(post(&api, format!(r#"{{"configs": [{entry}]}}"#)).await.status, 201);
    assert_eq!(added(&api).await, ["a"]);
}

#[tokio::test]
async fn a_batch_that_is_not_a_list_of_objects_is_refused() {
    let api = TestApp::with_contract_data().await;

    let good = json!({"id": "good", "user_email": "bob@contract.test", "case_id": 1});
    for configs in [json!([]), json!({}), json!(null), json!([good, "x"]), json!([good, null]), json!([good, ["bob"]])]
    {
        assert_eq!(assign(&api, configs).await.status, 400);
    }
    assert_eq!(added(&api).await, [""; 0]);
}

#[tokio::test]
async fn only_services_and_administrators_send_batches() {
    let api = TestApp::with_contract_data().await;
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));
    let body = json!({"configs": [{"id": "one", "user_email": "bob@contract.test", "case_id": 1}]});

    for (token, status) in [(None, 401), (Some(&*participant), 403), (Some(&*administrator), 201)] {
        assert_eq!(api.post(PATH, token, &body).await.status, status);
    }
}

#[tokio::test]
async fn an_entry_that_cannot_be_stored_fails_alone_at_any_position() {
    let api = TestApp::with_contract_data().await;
    let deep = "[".repeat(500) + &"]".repeat(500);

    for odd in ["1e999", r#""\ud800""#, &deep] {
        for path_config in
            [format!(r#"[{{"path": "A", "style": {{"x": {odd}}}}}]"#), format!(r#"[{{"path": "A", "x": {odd}}}]"#)]
        {
            let entry =
                format!(r#"{{"id": "odd", "user_email": "a@x.org", "case_id": 1, "path_config": {path_config}}}"#);
            let fine = r#"{"user_email": "a@x.org", "case_id": 2}"#;
            let body = format!(r#"{{"configs": [{entry}, {fine}]}}"#);
            let request =
                Request::post(PATH).header("x-api-key", API_KEY).header(header::CONTENT_TYPE, "application/json");

            let answer = api.send(request.body(Body::from(body)).unwrap()).await;

            let results = answer.data()["results"].take();
            assert!(results[0]["error"].as_str().unwrap().starts_with("path_config: expected"), "{odd}: {results}");
        }
    }
    assert_eq!(added(&api).await.len(), 1);
}

#[tokio::test]
async fn batches_with_the_same_entries_in_different_orders_do_not_deadlock() {
    let api = TestApp::with_contract_data().await;
    let batch = |cases: Vec<i32>| {
        let entry = |case| json!({"id": format!("new-{case}"), "user_email": "bob@contract.test", "case_id": case});
        assign(&api, cases.into_iter().map(entry).collect())
    };
    // makes them begin at the same moment
    let mut barrier = api.pool().begin().await.unwrap();
    raw_sql("LOCK TABLE display_config IN SHARE MODE").execute(&mut *barrier).await.unwrap();
    let begin = async {
        api.db.until_blocked(2).await;
        barrier.commit().await.unwrap();
    };

    let (one, other, ()) = join!(batch((0..1000).collect()), batch((0..1000).rev().collect()), begin);

    assert_eq!((one.status.as_u16(), other.status.as_u16()), (201, 201));
    assert_eq!(added(&api).await.len(), 1000);
}

#[tokio::test]
async fn a_batch_that_loses_a_deadlock_is_503_with_retry_after() {
    let api = TestApp::with_contract_data().await;
    let give_up = "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = 'deadlock_detected'; END $$;
        CREATE TRIGGER give_up BEFORE INSERT ON display_config EXECUTE FUNCTION give_up()";
    raw_sql(give_up).execute(api.pool()).await.unwrap();

    let answer = assign(&api, json!([{"user_email": "bob@contract.test", "case_id": 1}])).await;

    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
}
