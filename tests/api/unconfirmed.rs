//! A handler that forgets to confirm its participant reveals nothing.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, header};
use http_body_util::BodyExt as _;
use shared::ApiError;
use shared::auth::Participant;
use shared::config::CorsOrigins;
use tests::app::TestApp;
use tests::logs::Logs;
use tower::ServiceExt as _;

async fn forgetful(_: Participant) -> &'static str {
    "for participants alone"
}

async fn careful(participant: Participant) -> Result<&'static str, ApiError> {
    participant.confirm(Some(1))?;
    Ok("for participants alone")
}

#[tokio::test]
async fn a_success_for_an_unconfirmed_participant_is_not_sent() {
    let api = TestApp::with_contract_data().await;
    let router = Router::new().route("/forgetful", get(forgetful)).route("/careful", get(careful));
    let service = shared::http::service(router.with_state(api.app.clone()), &CorsOrigins::Any);
    let logs = Logs::of_this_thread();

    for (path, status) in [("/forgetful", 500), ("/careful", 200)] {
        let token = format!("Bearer {}", api.token_for("alice@contract.test"));
        let request = Request::get(path).header(header::AUTHORIZATION, token).body(Body::empty()).unwrap();
        let answer = service.clone().oneshot(request).await.unwrap();

        assert_eq!(answer.status(), status, "{path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&body[..] == b"for participants alone", status == 200, "{path}");
    }
    assert_eq!(logs.lines("failed").len(), 1, "{}", logs.text());
}
