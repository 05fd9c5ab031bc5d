//! Time-dependent behaviour at unusual times. The tests set the clock of the process. They simulate a change of PostgreSQL's clock by
//! shifting the stored times.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use shared::time::Clock;
use tests::app::TestApp;
use tests::db::TestDb;

const ALICE: &str = "alice@contract.test";

/// Shortly before a new year, a leap day, its end, the overflow of 32-bit times, and far in the future.
const MOMENTS: [&str; 5] = [
    "2026-12-31T23:55:00Z",
    "2028-02-28T23:55:00Z",
    "2028-02-29T23:55:00Z",
    "2038-01-19T03:10:00Z",
    "9999-12-31T23:00:00Z",
];

/// A clock that is set by the test.
#[derive(Clone)]
struct TestClock(Arc<Mutex<DateTime<Utc>>>);

impl TestClock {
    fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    fn clock(&self) -> Clock {
        let test_clock = self.clone();
        Clock::of(move || *test_clock.0.lock().unwrap())
    }

    /// Moves the clock forward, or back if `seconds` is negative.
    fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

/// Starts the API. Tokens expire after 900 seconds, and can be renewed for an hour.
async fn start(test_clock: &TestClock) -> TestApp {
    let variables = [("JWT_REFRESH_TOKEN_EXPIRES", "3600")];
    TestApp::at(TestDb::with_contract_data().await, &variables, test_clock.clock()).await
}

async fn status(api: &TestApp, token: &str) -> u16 {
    api.get("/api/cases", Some(token)).await.status.as_u16()
}

#[tokio::test]
async fn a_token_expires_to_the_second_on_any_day() {
    for moment in MOMENTS {
        let test_clock = TestClock::at(moment);
        let api = start(&test_clock).await;
        let token = api.token_for(ALICE);

        test_clock.advance(899);
        assert_eq!(status(&api, &token).await, 200, "{moment}");
        test_clock.advance(1);
        assert_eq!(status(&api, &token).await, 401, "{moment}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_past_half_of_its_lifetime_for_an_hour_after_the_login() {
    for moment in MOMENTS.into_iter().take(4) {
        let test_clock = TestClock::at(moment);
        let api = start(&test_clock).await;
        let mut token = api.token_for(ALICE);
        test_clock.advance(450);
        assert_eq!(api.get("/api/cases", Some(&token)).await.token(), token, "{moment}");

        test_clock.advance(-450);
        for _ in 0..7 {
            test_clock.advance(500);
            let renewed = api.get("/api/cases", Some(&token)).await.token();
            assert_ne!(renewed, token, "{moment}");
            token = renewed;
        }

        test_clock.advance(500);
        assert_eq!(api.get("/api/cases", Some(&token)).await.token(), token, "{moment}: the hour is over");
        test_clock.advance(400);
        assert_eq!(status(&api, &token).await, 401, "{moment}");
    }
}

/// Tokens issued more than 30 s in the future are refused, because they may be forged (contract section 9).
#[tokio::test]
async fn after_the_clock_goes_back_a_new_login_is_valid() {
    let test_clock = TestClock::at("2026-10-25T02:30:00Z");
    let api = start(&test_clock).await;
    let before = api.log_in(ALICE, "Alice-pass-1").await.token();

    test_clock.advance(-3600);

    assert_eq!(status(&api, &before).await, 401);
    let again = api.log_in(ALICE, "Alice-pass-1").await.token();
    assert_eq!(status(&api, &again).await, 200);
    test_clock.advance(3600);
    assert_eq!((status(&api, &before).await, status(&api, &again).await), (200, 401));
}

/// The login seems to precede the reset, so its token is refused until the clock is corrected.
#[tokio::test]
async fn a_process_whose_clock_is_behind_issues_no_valid_tokens_after_a_reset() {
    let test_clock = TestClock(Arc::new(Mutex::new(Utc::now() - TimeDelta::hours(1))));
    let api = start(&test_clock).await;
    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    assert_eq!(api.post("/api/auth/reset-password", None, &reset).await.status, 200);

    let token = api.log_in(ALICE, "Fresh-pass-1").await.token();

    assert_eq!(status(&api, &token).await, 401);
    test_clock.advance(3600);
    assert_eq!(status(&api, &token).await, 200);
}

/// Logins and resets are both dated by PostgreSQL's clock.
#[tokio::test]
async fn a_reset_ends_sessions_of_a_process_whose_clock_is_ahead() {
    let test_clock = TestClock(Arc::new(Mutex::new(Utc::now() + TimeDelta::hours(1))));
    let api = start(&test_clock).await;
    let token = api.log_in(ALICE, "Alice-pass-1").await.token();
    assert_eq!(status(&api, &token).await, 200);

    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    assert_eq!(api.post("/api/auth/reset-password", None, &reset).await.status, 200);

    assert_eq!(status(&api, &token).await, 401);
}

/// `Retry-After` announces it, and a mailed link ends the lockout earlier (`failed_logins.rs`).
#[tokio::test]
async fn after_the_databases_clock_goes_back_a_lockout_lasts_an_hour_longer() {
    let api = TestApp::with_contract_data().await;
    for _ in 0..10 {
        api.log_in(ALICE, "Wrong-pass-1").await;
    }

    let an_hour_back = "UPDATE wrong_password SET forgotten_at = forgotten_at + interval '1 hour'";
    sqlx::query(an_hour_back).execute(api.pool()).await.unwrap();

    let blocked = api.log_in(ALICE, "Alice-pass-1").await;
    assert_eq!(blocked.error_code(), "1050");
    assert!((3600..=4500).contains(&blocked.header("retry-after").parse::<u32>().unwrap()));
}

#[tokio::test]
async fn the_tenth_answer_has_an_attention_check_at_any_time() {
    let api = TestApp::with_contract_data().await;
    for time in MOMENTS.into_iter().chain(["infinity", "4000-01-01 BC"]) {
        let dated = format!("UPDATE answer SET created_timestamp = '{time}' WHERE user_email = 'zoe@contract.test'");
        sqlx::query(&dated).execute(api.pool()).await.unwrap();

        let questions = api.get("/api/config/answer", Some(&api.token_for("zoe@contract.test"))).await.data();

        let last = questions["config"].as_array().unwrap().last().unwrap()["title"].clone();
        assert!(last.as_str().unwrap().starts_with("Attention Check"), "{time}");
    }
}

#[tokio::test]
async fn a_run_may_end_in_another_year_than_it_began() {
    let test_clock = TestClock::at("2026-12-31T23:59:59Z");
    let api = start(&test_clock).await;
    running(&api).await;
    test_clock.advance(2);

    let run = report(&api, "completed").await;

    assert_eq!(run["started_at"], "2026-12-31T23:59:59+00:00");
    assert_eq!(run["completed_at"], "2027-01-01T00:00:01+00:00");
}

#[tokio::test]
async fn a_run_may_end_after_the_clock_goes_back() {
    let test_clock = TestClock::at("2026-10-25T02:30:00Z");
    let api = start(&test_clock).await;
    running(&api).await;
    test_clock.advance(-3600);

    let run = report(&api, "completed").await;

    assert_eq!((&run["status"], &run["completed_at"]), (&json!("completed"), &run["started_at"]));
}

async fn running(api: &TestApp) {
    assert_eq!(report(api, "running").await["status"], "running");
}

/// Reports a status of the pending run in the contract's data.
async fn report(api: &TestApp, status: &str) -> Value {
    let path = "/api/v1/experiments/exp-alpha/runs/2";
    api.send_with_key(Method::PATCH, path, &json!({ "status": status })).await.data()
}

#[tokio::test]
async fn the_time_zone_of_the_database_makes_no_difference() {
    let db = TestDb::with_contract_data().await;
    let zone = format!("ALTER DATABASE {} SET timezone TO 'America/St_Johns'", db.name);
    sqlx::query(&zone).execute(&db.pool).await.unwrap();
    let api = TestApp::over(db).await;

    let body = json!({"answer": {}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
    let stored = api.post("/api/answer/cfg-b02-next", Some(&api.token_for("bob@contract.test")), &body).await;

    assert_eq!(stored.status, 200);
    let since = (Utc::now() - TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%M:%SZ");
    let exported = api.get_with_key(&format!("/api/v1/export/answers?since={since}")).await.json();
    assert_eq!(exported["pagination"]["total"], 1);
}
