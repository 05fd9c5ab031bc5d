//! Reads answers with their case and timing.

use chrono::{DateTime, Utc};
use futures_util::stream::{BoxStream, StreamExt as _};
use shared::stored_json::{entries, fields, text};
use shared::time::StoredTime;
use sqlx::PgConnection;

/// A row of `answer` with related data.
pub struct Answered {
    /// Position among the participant's answers, from 1, by time.
    pub order_id: i64,
    pub user_email: Option<String>,
    /// `visit_occurrence_id`.
    pub case_id: Option<i32>,
    /// JSON text.
    pub answer: Option<String>,
    /// JSON text: a copy of the assignment's `path_config`.
    pub display_configuration: Option<String>,
    pub ai_score_shown: bool,
    pub person_id: Option<i32>,
    /// In years: year of the visit minus year of birth; `None` if that is implausible.
    pub age: Option<i32>,
    pub gender: Option<String>,
    /// The visit's observations of concept 45614722, oldest first.
    pub assessments: Vec<String>,
    pub case_open_time: Option<StoredTime>,
    pub answer_open_time: Option<StoredTime>,
    pub answer_submit_time: Option<StoredTime>,
    pub to_answer_open_secs: Option<f64>,
    pub to_submit_secs: Option<f64>,
    pub total_duration_secs: Option<f64>,
    /// From the assignment when it was answered, like the following fields.
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub rl_run_id: Option<i32>,
    pub policy_id: Option<String>,
    pub allocation_probability: Option<f64>,
}

impl Answered {
    /// Returns the paths that its assignment showed.
    pub fn paths(&self) -> Vec<String> {
        self.display_configuration.as_deref().map(paths).unwrap_or_default()
    }
}

/// Returns the paths of a `path_config`.
pub fn paths(path_config: &str) -> Vec<String> {
    let path = |entry: &serde_json::value::RawValue| text(fields(entry.get())?.get("path")?);
    let paths = entries(path_config).unwrap_or_default().into_iter().filter_map(path);
    paths.map(|path| path.trim().to_owned()).collect()
}

pub async fn count(snapshot: &mut PgConnection, since: Option<DateTime<Utc>>) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM answer WHERE $1::timestamp IS NULL OR created_timestamp >= $1"#,
        since.map(|since| since.naive_utc())
    );
    Ok(u64::try_from(count.fetch_one(snapshot).await?).unwrap_or_default())
}

/// Returns the addresses of everybody who has answered.
pub async fn participants(
    snapshot: &mut PgConnection,
    since: Option<DateTime<Utc>>,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT user_email AS "user_email!" FROM answer
           WHERE user_email IS NOT NULL AND ($1::timestamp IS NULL OR created_timestamp >= $1)"#,
        since.map(|since| since.naive_utc())
    )
    .fetch_all(snapshot)
    .await
}

/// Reads answers by patient and case, and within a case by `user_id`: an order by address would reveal something about addresses.
pub fn in_order_of_cases(
    snapshot: &mut PgConnection,
    since: Option<DateTime<Utc>>,
) -> BoxStream<'_, Result<Answered, sqlx::Error>> {
    // the same timing as in the export of answers
    sqlx::query_as!(
        Answered,
        r#"SELECT answer.order_id AS "order_id!", answer.user_email, answer.case_id, answer.answer::text,
               answer.display_configuration::text, answer.ai_score_shown AS "ai_score_shown!",
               person.person_id AS "person_id?", gender.concept_name AS "gender?",
               CASE WHEN extract(year FROM visit.visit_start_date) - person.year_of_birth BETWEEN 0 AND 130
                    THEN extract(year FROM visit.visit_start_date)::int - person.year_of_birth END AS age,
               ARRAY(SELECT value_as_string FROM observation
                     WHERE visit_occurrence_id = answer.case_id AND observation_concept_id = 45614722
                       AND value_as_string IS NOT NULL
                     ORDER BY observation_datetime, observation_id) AS "assessments!",
               timing.case_open_time AS "case_open_time?: StoredTime", timing.answer_open_time AS "answer_open_time?: StoredTime",
               timing.answer_submit_time AS "answer_submit_time?: StoredTime", timing.to_answer_open_secs AS "to_answer_open_secs?",
               timing.to_submit_secs AS "to_submit_secs?", timing.total_duration_secs AS "total_duration_secs?",
               answer.experiment_id, answer.arm, answer.rl_run_id, answer.policy_id, answer.allocation_probability
           FROM (SELECT *, row_number() OVER (PARTITION BY user_email ORDER BY created_timestamp, id) AS order_id
                 FROM answer) AS answer
           LEFT JOIN visit_occurrence visit ON visit.visit_occurrence_id = answer.case_id
           LEFT JOIN person ON person.person_id = visit.person_id
           LEFT JOIN concept gender ON gender.concept_id = person.gender_concept_id
           LEFT JOIN LATERAL (
               SELECT * FROM analytics
               WHERE analytics.user_email = answer.user_email AND analytics.case_id = answer.case_id
                 AND analytics.id >= -2147483648
               ORDER BY (analytics.case_config_id = answer.task_id) DESC NULLS LAST, analytics.id DESC LIMIT 1
           ) timing ON true
           WHERE $1::timestamp IS NULL OR answer.created_timestamp >= $1
           ORDER BY person.person_id, answer.case_id, sha256(convert_to(lower(trim(answer.user_email)), 'UTF8')), order_id"#,
        since.map(|since| since.naive_utc())
    )
    .fetch(snapshot)
    .boxed()
}
