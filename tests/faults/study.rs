//! A study with more assignments than the participants can answer.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _};
use tests::app;

const STUDY: &str = include_str!("study.sql");
pub const PARTICIPANTS: u32 = 64;
pub const ASSIGNMENTS: u32 = 600;
pub const QUESTIONNAIRE: &str = "55555555-5555-4555-8555-555555555555";

pub fn address(participant: u32) -> String {
    format!("p{participant}@study.test")
}

pub fn assignment(participant: u32, case: u32) -> String {
    format!("p{participant}-{case}")
}

/// Creates the schema and the study in an empty database.
pub async fn load(url: &str) {
    let options: PgConnectOptions = url.parse().unwrap();
    migrate::Runner::new(&options).up(None).await.unwrap_or_else(|error| panic!("{error}"));
    options.connect().await.unwrap().execute(STUDY).await.unwrap();
}

/// Returns an application state that issues the same tokens as the API configured by [`app::environment`].
pub fn tokens(url: &str) -> shared::App {
    let config = shared::Config::from_environment(&app::environment(url)).unwrap();
    shared::App::new(&config, shared::db::Deployment::Lambda { max_concurrency: 1 }).unwrap()
}
