use http::Method;
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

async fn invite(api: &TestApp, users: Value) -> Answer {
    api.send_with_key(Method::POST, "/admin/users", &json!({ "users": users })).await
}

async fn accounts(api: &TestApp) -> i64 {
    sqlx::query_scalar(r#"SELECT count(*) FROM "user""#).fetch_one(api.pool()).await.expect("accounts can be counted")
}

#[tokio::test]
async fn an_invited_account_can_sign_up_and_log_in() {
    let api = TestApp::with_contract_data().await;

    invite(&api, json!([{"email": "new@contract.test"}])).await;
    let credentials = json!({"email": "new@contract.test", "password": "New-pass-1"});
    let signup = api.post("/api/auth/signup", None, &credentials).await;

    assert_eq!(signup.status, 201);
    assert_eq!(api.log_in("new@contract.test", "New-pass-1").await.status, 200);
}

#[tokio::test]
async fn an_address_belongs_to_one_account_in_any_case() {
    let api = TestApp::with_contract_data().await;

    let answer = invite(&api, json!([{"email": "ALICE@contract.test"}, {"email": "Żółć@例え.jp"}])).await;
    let again = invite(&api, json!([{"email": "żÓŁĆ@例え.jp"}])).await;

    let expected = json!({"ALICE@contract.test": "failed: already existed", "Żółć@例え.jp": "added"});
    assert_eq!(answer.data(), expected);
    assert_eq!(again.data(), json!({"żÓŁĆ@例え.jp": "failed: already existed"}));
}

#[tokio::test]
async fn the_first_of_two_equal_addresses_is_added() {
    let api = TestApp::with_contract_data().await;

    let users =
        json!([{"email": "new@contract.test", "name": "first"}, {"email": "New@contract.test", "name": "second"}]);
    let answer = invite(&api, users).await;

    let expected = json!({"new@contract.test": "added", "New@contract.test": "failed: already existed"});
    assert_eq!(answer.data(), expected);
    let name: String = sqlx::query_scalar(r#"SELECT name FROM "user" WHERE email = 'new@contract.test'"#)
        .fetch_one(api.pool())
        .await
        .unwrap();
    assert_eq!(name, "first");
}

#[tokio::test]
async fn an_invitation_does_not_wait_for_a_migration() {
    let api = TestApp::start().await;
    let mut run = api.pool().acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock($1)").bind(migrate::RUN_LOCK).execute(&mut *run).await.unwrap();

    let answer = invite(&api, json!([{ "email": "new@x.org" }])).await;

    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn one_of_many_concurrent_requests_adds_the_account() {
    let api = TestApp::with_contract_data().await;
    let spellings = ["new@x.org", "New@x.org", "NEW@x.org", "new@X.org", "nEw@x.org"];

    let answers = spellings.map(|email| invite(&api, json!([{ "email": email }])));
    let answers = futures_util::future::join_all(answers).await;

    assert!(answers.iter().all(|answer| answer.status == 201));
    assert_eq!(accounts(&api).await, 9);
}

#[tokio::test]
async fn an_account_that_is_too_long_does_not_undo_the_others() {
    let api = TestApp::with_contract_data().await;

    let users = json!([{"email": "long@contract.test", "name": "x".repeat(129)}, {"email": "new@contract.test"}]);
    let answer = invite(&api, users).await;

    let expected =
        json!({"long@contract.test": "failed: name is longer than 128 characters", "new@contract.test": "added"});
    assert_eq!((answer.status.as_u16(), answer.data()), (201, expected));
}

#[tokio::test]
async fn a_request_with_only_accounts_that_are_too_long_is_refused() {
    let api = TestApp::with_contract_data().await;

    let answer = invite(&api, json!([{"email": "long@contract.test", "employer": "x".repeat(513)}])).await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("employer"));
}

#[tokio::test]
async fn a_malformed_account_is_refused_by_its_field_and_nothing_is_stored() {
    let api = TestApp::with_contract_data().await;

    for (bad, field) in [
        (json!({"email": "nobody"}), "users[1].email"),
        (json!({"email": "a@b.org", "name": null}), "users[1].name"),
        (json!({"email": "a@b.org", "position": "a\u{0}b"}), "users[1].position"),
        (json!({}), "users[1]"),
    ] {
        let answer = invite(&api, json!([{"email": "new@contract.test"}, bad])).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error_message().contains(field), "{}", answer.error_message());
    }
    assert_eq!(accounts(&api).await, 8);
}

#[tokio::test]
async fn the_list_contains_the_profile_of_each_account_and_no_secrets() {
    let api = TestApp::with_contract_data().await;

    let users = api.get_with_key("/admin/users").await.data()["users"].take();

    let alice = json!({"id": 2, "name": "Alice Reader", "email": "alice@contract.test", "position": "Physician",
        "employer": "Contract Clinic", "area_of_clinical_ex": "Internal medicine", "active": true, "admin_flag": false});
    assert_eq!(users[1], alice);
    assert_eq!(users.as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn a_single_account_is_its_name_and_address() {
    let api = TestApp::with_contract_data().await;

    let alice = api.get_with_key("/admin/users/2").await;

    assert_eq!(alice.data(), json!({"name": "Alice Reader", "email": "alice@contract.test"}));
    for unknown in ["99", "-1", "alice", "99999999999"] {
        assert_eq!(api.get_with_key(&format!("/admin/users/{unknown}")).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn only_administrators_read_and_invite_accounts() {
    let api = TestApp::with_contract_data().await;
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));

    for path in ["/admin/users", "/admin/users/2"] {
        assert_eq!(api.get(path, None).await.status, 401, "{path}");
        assert_eq!(api.get(path, Some(&participant)).await.status, 403, "{path}");
        assert_eq!(api.get(path, Some(&administrator)).await.status, 200, "{path}");
    }
    let body = json!({"users": [{"email": "new@contract.test"}]});
    assert_eq!(api.post("/admin/users", None, &body).await.status, 401);
    assert_eq!(api.post("/admin/users", Some(&participant), &body).await.status, 403);
    assert_eq!(accounts(&api).await, 8);
}
