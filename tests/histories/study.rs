//! The study that the clients work on.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use shared::auth::{ResetToken, Tokens};
use sqlx::PgPool;
use tests::app::JWT_SECRET_KEY;

use crate::plan::PARTICIPANTS;

pub const STUDY: &str = include_str!("study.sql");
pub const QUESTIONNAIRE: &str = "55555555-5555-4555-8555-555555555555";

pub fn participant(number: u32) -> String {
    format!("p{number}@study.test")
}

pub fn holder(number: u32) -> String {
    format!("h{number}@study.test")
}

pub fn link_token(account: u32, number: u64) -> String {
    format!("holder{account}x{number}-reset-token")
}

/// Returns tokens of the participants that stay valid under all wrong clocks of the run.
pub fn tokens() -> Vec<String> {
    let day = Duration::from_hours(24);
    let tokens = Tokens::new(&JWT_SECRET_KEY.into(), day, day);
    let long_ago = Utc::now() - TimeDelta::hours(2);
    let token = |number| tokens.issue(&participant(number), false, long_ago).expect("tokens can be signed");
    (1..=PARTICIPANTS).map(token).collect()
}

/// The ids of the participants' assignments, which are the same after each upload.
#[derive(Debug, Default)]
pub struct Assignments {
    ids: BTreeMap<(String, i32), String>,
    cases: BTreeMap<String, u32>,
}

impl Assignments {
    pub async fn read(database: &PgPool) -> Self {
        let query = sqlx::query_as("SELECT user_email, case_id, id FROM display_config WHERE user_email LIKE 'p%'");
        let rows: Vec<(String, i32, String)> = query.fetch_all(database).await.unwrap();
        let cases = rows.iter().map(|(_, case, id)| (id.clone(), case.unsigned_abs())).collect();
        Self { ids: rows.into_iter().map(|(email, case, id)| ((email, case), id)).collect(), cases }
    }

    pub fn id(&self, number: u32, case: u32) -> Option<&str> {
        self.ids.get(&(participant(number), case.cast_signed())).map(String::as_str)
    }

    pub fn case(&self, id: &str) -> Option<u32> {
        self.cases.get(id).copied()
    }
}

/// Stores a link, as mailing it does. Returns whether the database acknowledged it.
pub async fn make_link(database: &PgPool, account: u32, link: u64) -> bool {
    let query = sqlx::query(
        "INSERT INTO reset_password_token (id, email, token, active, created_timestamp, modified_timestamp, expired_at)
         SELECT gen_random_uuid(), $1, $2, true, now, now, now + interval '2 days' FROM (SELECT now() AT TIME ZONE 'UTC' AS now) AS moment",
    );
    let stored = ResetToken::from_mail(link_token(account, link)).stored();
    let made = query.bind(holder(account)).bind(stored).execute(database);
    matches!(tokio::time::timeout(Duration::from_secs(5), made).await, Ok(Ok(_)))
}
