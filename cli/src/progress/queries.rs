//! Reads the facts about the progress. All statements use the same snapshot.

use chrono::{NaiveDate, NaiveDateTime};
use config_answer::{ATTENTION_CHECK_PASSED, ATTENTION_CHECK_TITLE};
use futures_util::TryStreamExt as _;
use serde_json::value::RawValue;
use shared::db::Database;
use shared::stored_json::{entries, fields, text};
use shared::time::StoredTime;
use sqlx::PgConnection;

use crate::exposures::{self, Contradictions};
use crate::failure::Failure;

/// All facts.
pub struct Facts {
    pub groups: Vec<Group>,
    pub accounts: Vec<Account>,
    pub checks: Vec<Check>,
    pub days: Vec<Day>,
    pub contradictions: Contradictions,
}

/// Assignments with a common attribute.
pub struct Group {
    /// Whether they have one participant in common.
    pub is_participant: bool,
    /// Whether they have one arm in common. If neither: all assignments.
    pub is_arm: bool,
    pub user_email: Option<String>,
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub assigned: i64,
    pub answered: i64,
    /// They are never shown, because their case does not exist (contract section 9).
    pub skipped: i64,
    /// Quartiles of the seconds from opening a case to opening its questions.
    pub case_seconds: Option<Vec<f64>>,
    /// Quartiles of the seconds from there to the answer.
    pub answer_seconds: Option<Vec<f64>>,
}

/// An account that may have assignments.
pub struct Account {
    pub id: i32,
    pub email: String,
    pub is_active: bool,
    pub has_password: bool,
    pub changed: Option<StoredTime>,
    pub last_answer: Option<NaiveDateTime>,
}

/// An answered attention check.
pub struct Check {
    pub user_email: Option<String>,
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub is_passed: bool,
}

/// Number of answers on a day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Day {
    pub day: NaiveDate,
    pub answers: i64,
}

pub async fn ask(db: &Database) -> Result<Facts, Failure> {
    // boxed, because this large future would be part of every command's
    let mut snapshot = Box::pin(db.begin_with(export::SNAPSHOT)).await?;
    let facts = Facts {
        groups: groups(&mut snapshot).await?,
        accounts: accounts(&mut snapshot).await?,
        checks: checks(&mut snapshot).await?,
        days: days(&mut snapshot).await?,
        contradictions: exposures::find(&mut snapshot).await?,
    };
    snapshot.rollback().await?;
    Ok(facts)
}

async fn groups(snapshot: &mut PgConnection) -> Result<Vec<Group>, sqlx::Error> {
    sqlx::query_as!(
        Group,
        r#"WITH answered AS (
               SELECT DISTINCT ON (user_email, task_id) user_email, task_id, experiment_id, arm FROM answer
               ORDER BY user_email, task_id, id),
             assignment AS (
               SELECT display_config.user_email, answered.task_id IS NOT NULL AS is_answered,
                      -- an upload since then may have put the assignment into another arm
                      CASE WHEN answered.task_id IS NULL THEN display_config.experiment_id ELSE answered.experiment_id END AS experiment_id,
                      CASE WHEN answered.task_id IS NULL THEN display_config.arm ELSE answered.arm END AS arm,
                      visit_occurrence_id IS NOT NULL AS has_case, to_answer_open_secs, to_submit_secs
               FROM display_config
               LEFT JOIN answered ON answered.user_email = display_config.user_email AND task_id = display_config.id
               LEFT JOIN visit_occurrence ON visit_occurrence_id = case_id
               LEFT JOIN analytics ON analytics.user_email = display_config.user_email AND case_config_id = display_config.id)
           SELECT grouping(user_email) = 0 AS "is_participant!", grouping(arm) = 0 AS "is_arm!", user_email, experiment_id, arm,
                  count(*) AS "assigned!", count(*) FILTER (WHERE is_answered) AS "answered!",
                  count(*) FILTER (WHERE NOT is_answered AND NOT has_case) AS "skipped!",
                  percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY to_answer_open_secs)
                    FILTER (WHERE is_answered) AS case_seconds,
                  percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY to_submit_secs)
                    FILTER (WHERE is_answered) AS answer_seconds
           FROM assignment
           GROUP BY GROUPING SETS ((user_email), (experiment_id, arm), ())
           ORDER BY experiment_id NULLS FIRST, arm NULLS FIRST"#
    )
    .fetch_all(snapshot)
    .await
}

async fn accounts(snapshot: &mut PgConnection) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"WITH latest AS (
               SELECT user_email, max(created_timestamp) AS last_answer
               FROM answer WHERE created_timestamp BETWEEN '0001-01-01' AND '9999-12-31' GROUP BY user_email)
           SELECT id, email, active IS TRUE AS "is_active!", password IS NOT NULL AS "has_password!",
                  greatest(created_timestamp, modified_timestamp) AS "changed: StoredTime", last_answer
           FROM "user" LEFT JOIN latest ON user_email = email
           WHERE admin_flag IS NOT TRUE OR email IN (SELECT user_email FROM display_config)
           ORDER BY id"#
    )
    .fetch_all(snapshot)
    .await
}

/// Reads answers with a check. They are parsed here, because PostgreSQL cannot parse JSON with a NUL or a lone surrogate.
async fn checks(snapshot: &mut PgConnection) -> Result<Vec<Check>, sqlx::Error> {
    let mut answers = sqlx::query!(
        r#"SELECT user_email, experiment_id, arm, answer::text AS "answer!"
           FROM answer
           WHERE answer::text LIKE '%Attention Check%'"#
    )
    .fetch(snapshot);
    let mut checks = Vec::new();
    while let Some(row) = answers.try_next().await? {
        let Some(is_passed) = is_passed(&row.answer) else { continue };
        checks.push(Check { user_email: row.user_email, experiment_id: row.experiment_id, arm: row.arm, is_passed });
    }
    Ok(checks)
}

/// Returns whether an answer's attention check was passed; `None` without a check.
fn is_passed(answer: &str) -> Option<bool> {
    let answers = fields(answer)?;
    let chosen: &RawValue = answers.get(ATTENTION_CHECK_TITLE)?;
    let options = entries(chosen.get()).unwrap_or_else(|| vec![chosen]);
    Some(matches!(options[..], [option] if text(option).as_deref() == Some(ATTENTION_CHECK_PASSED)))
}

async fn days(snapshot: &mut PgConnection) -> Result<Vec<Day>, sqlx::Error> {
    sqlx::query_as!(
        Day,
        r#"SELECT created_timestamp::date AS "day!", count(*) AS "answers!"
           FROM answer WHERE created_timestamp BETWEEN '0001-01-01' AND '9999-12-31' GROUP BY 1 ORDER BY 1"#
    )
    .fetch_all(snapshot)
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_check_is_passed_with_the_requested_option() {
        let check = |answer: serde_json::Value| is_passed(&answer.to_string());

        assert_eq!(check(json!({ ATTENTION_CHECK_TITLE: "All of the above", "Why?": "x" })), Some(true));
        assert_eq!(check(json!({ ATTENTION_CHECK_TITLE: ["All of the above"] })), Some(true));
        assert_eq!(check(json!({ ATTENTION_CHECK_TITLE: "I prefer not to answer" })), Some(false));
        assert_eq!(check(json!({ ATTENTION_CHECK_TITLE: null })), Some(false));
        assert_eq!(check(json!({ "Why?": "Attention Check" })), None);
        assert_eq!(check(json!(["Attention Check"])), None);
    }

    #[test]
    fn escaped_titles_of_the_old_system_are_recognised() {
        let answer = r#"{"Attention Check \u2013 please read carefully and select 'All of the above' below": "All of the above", "x": "\ud800"}"#;

        assert_eq!(is_passed(answer), Some(true));
    }
}
