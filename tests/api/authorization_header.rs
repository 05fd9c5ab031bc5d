//! `Authorization: Bearer <token>` (RFC 6750 section 2.1), and what a token does not grant.

use axum::body::Body;
use http::{Request, header};
use tests::app::{Answer, TestApp};

async fn cases(api: &TestApp, authorization: &str) -> Answer {
    api.send(Request::get("/api/cases").header(header::AUTHORIZATION, authorization).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_token_is_accepted_with_any_spelling_of_its_scheme() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");

    for scheme in ["Bearer", "bearer", "BEARER "] {
        assert_eq!(cases(&api, &format!("{scheme} {token}")).await.status, 200, "{scheme}");
    }
}

#[tokio::test]
async fn a_valid_token_in_another_form_is_refused() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");

    for authorization in
        [token.clone(), format!("Basic {token}"), format!("Bearer {token} {token}"), "Bearer ".to_owned()]
    {
        let answer = cases(&api, &authorization).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["msg"], "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'");
    }
}

#[tokio::test]
async fn the_claim_to_be_an_administrator_grants_nothing() {
    let api = TestApp::with_contract_data().await;
    let claimed = api.app.tokens.issue("alice@contract.test", true, chrono::Utc::now()).unwrap();
    let not_claimed = api.app.tokens.issue("admin@contract.test", false, chrono::Utc::now()).unwrap();

    assert_eq!(api.get("/admin/users", Some(&claimed)).await.status, 403);
    assert_eq!(api.get("/admin/users", Some(&not_claimed)).await.status, 200);
}
