use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn the_health_check_reports_that_the_service_is_up() {
    let api = TestApp::start().await;

    let answer = api.get("/api/healthcheck", None).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"message": "Service is up and running.", "status": "OK"}));
}

#[tokio::test]
async fn the_health_check_succeeds_without_the_database() {
    let api =
        TestApp::configured(tests::db::TestDb::new().await, &[("DATABASE_URL", "postgresql://127.0.0.1:1/none")]).await;

    assert_eq!(api.get("/api/healthcheck", None).await.status, 200);
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let api = TestApp::start().await;

    let [one, two] = [api.get("/api/healthcheck", None).await, api.get("/api/nothing", None).await];

    assert_eq!(one.header("x-request-id").len(), 36);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn errors_for_unknown_paths_and_methods_have_the_envelope() {
    let api = TestApp::start().await;

    let unknown = api.get("/api/nothing", None).await;
    let wrong = api.post("/api/healthcheck", None, &json!({})).await;

    assert_eq!((unknown.status.as_u16(), unknown.error_code()), (404, json!(404)));
    assert_eq!((wrong.status.as_u16(), wrong.error_code()), (405, json!(405)));
    assert_eq!(wrong.header("allow"), "GET,HEAD");
}
