//! What depends on the time of day, at times that are not every day's. The process's clock is one that the test sets; PostgreSQL's is moved
//! by moving what it has stored.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use serde_json::{Value, json};
use shared::time::Clock;
use tests::app::TestApp;
use tests::db::TestDb;

const ALICE: &str = "alice@contract.test";

/// Shortly before the new year, a leap day, its end, the end of 32 bits, and far in the future.
const MOMENTS: [&str; 5] = [
    "2026-12-31T23:55:00Z",
    "2028-02-28T23:55:00Z",
    "2028-02-29T23:55:00Z",
    "2038-01-19T03:10:00Z",
    "9999-12-31T23:00:00Z",
];

/// A clock that a test sets.
#[derive(Clone)]
struct Hands(Arc<Mutex<DateTime<Utc>>>);

impl Hands {
    fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::of(move || *hands.0.lock().unwrap())
    }

    /// Moves on, or back.
    fn turn(&self, seconds: i64) {
        *self.0.lock().unwrap() += TimeDelta::seconds(seconds);
    }
}

/// Tokens live for 900 seconds, and are renewed for an hour.
async fn start(hands: &Hands) -> TestApp {
    let variables = [("JWT_REFRESH_TOKEN_EXPIRES", "3600")];
    TestApp::at(TestDb::with_contract_data().await, &variables, hands.clock()).await
}

async fn status(api: &TestApp, token: &str) -> u16 {
    api.get("/api/cases", Some(token)).await.status.as_u16()
}

#[tokio::test]
async fn a_token_ends_to_the_second_whatever_the_day_is() {
    for moment in MOMENTS {
        let hands = Hands::at(moment);
        let api = start(&hands).await;
        let token = api.token_for(ALICE);

        hands.turn(899);
        assert_eq!(status(&api, &token).await, 200, "{moment}");
        hands.turn(1);
        assert_eq!(status(&api, &token).await, 401, "{moment}");
    }
}

#[tokio::test]
async fn a_token_is_renewed_past_half_of_its_life_until_an_hour_after_the_login() {
    for moment in MOMENTS.into_iter().take(4) {
        let hands = Hands::at(moment);
        let api = start(&hands).await;
        let mut token = api.token_for(ALICE);
        hands.turn(450);
        assert_eq!(api.get("/api/cases", Some(&token)).await.token(), token, "{moment}");

        hands.turn(-450);
        for _ in 0..7 {
            hands.turn(500);
            let renewed = api.get("/api/cases", Some(&token)).await.token();
            assert_ne!(renewed, token, "{moment}");
            token = renewed;
        }

        hands.turn(500);
        assert_eq!(api.get("/api/cases", Some(&token)).await.token(), token, "{moment}: an hour is over");
        hands.turn(400);
        assert_eq!(status(&api, &token).await, 401, "{moment}");
    }
}

/// Who logged in within the hour logs in again: a token from the future may be a forged one (contract section 9: 30 s).
#[tokio::test]
async fn after_the_clock_went_back_a_new_login_is_good() {
    let hands = Hands::at("2026-10-25T02:30:00Z");
    let api = start(&hands).await;
    let before = api.log_in(ALICE, "Alice-pass-1").await.token();

    hands.turn(-3600);

    assert_eq!(status(&api, &before).await, 401);
    let again = api.log_in(ALICE, "Alice-pass-1").await.token();
    assert_eq!(status(&api, &again).await, 200);
    hands.turn(3600);
    assert_eq!((status(&api, &before).await, status(&api, &again).await), (200, 401));
}

/// The login cannot be told from one before the reset, so that it is none. A clock that is an hour behind has to be set.
#[tokio::test]
async fn a_clock_that_is_behind_that_of_the_database_lets_nobody_in_after_a_reset() {
    let hands = Hands(Arc::new(Mutex::new(Utc::now() - TimeDelta::hours(1))));
    let api = start(&hands).await;
    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    assert_eq!(api.post("/api/auth/reset-password", None, &reset).await.status, 200);

    let token = api.log_in(ALICE, "Fresh-pass-1").await.token();

    assert_eq!(status(&api, &token).await, 401);
    hands.turn(3600);
    assert_eq!(status(&api, &token).await, 200);
}

/// PostgreSQL's clock dates both the login and what ends it.
#[tokio::test]
async fn a_login_at_a_process_whose_clock_is_ahead_ends_with_a_reset() {
    let hands = Hands(Arc::new(Mutex::new(Utc::now() + TimeDelta::hours(1))));
    let api = start(&hands).await;
    let token = api.log_in(ALICE, "Alice-pass-1").await.token();
    assert_eq!(status(&api, &token).await, 200);

    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    assert_eq!(api.post("/api/auth/reset-password", None, &reset).await.status, 200);

    assert_eq!(status(&api, &token).await, 401);
}

/// `Retry-After` says so; a mailed link lets the participant in before (`failed_logins.rs`).
#[tokio::test]
async fn after_the_databases_clock_went_back_too_many_failed_logins_last_an_hour_longer() {
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
async fn the_tenth_answer_has_an_attention_check_whenever_the_others_were() {
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
async fn a_run_begins_in_the_old_year_and_ends_in_the_new_one() {
    let hands = Hands::at("2026-12-31T23:59:59Z");
    let api = start(&hands).await;
    running(&api).await;
    hands.turn(2);

    let run = report(&api, "completed").await;

    assert_eq!(run["started_at"], "2026-12-31T23:59:59+00:00");
    assert_eq!(run["completed_at"], "2027-01-01T00:00:01+00:00");
}

#[tokio::test]
async fn a_run_can_end_after_the_clock_went_back() {
    let hands = Hands::at("2026-10-25T02:30:00Z");
    let api = start(&hands).await;
    running(&api).await;
    hands.turn(-3600);

    let run = report(&api, "completed").await;

    assert_eq!((&run["status"], &run["completed_at"]), (&json!("completed"), &run["started_at"]));
}

async fn running(api: &TestApp) {
    assert_eq!(report(api, "running").await["status"], "running");
}

/// Reports of the pending run of the contract's data.
async fn report(api: &TestApp, status: &str) -> Value {
    let path = "/api/v1/experiments/exp-alpha/runs/2";
    api.send_with_key(Method::PATCH, path, &json!({ "status": status })).await.data()
}

#[tokio::test]
async fn the_zone_of_the_database_makes_no_difference() {
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
