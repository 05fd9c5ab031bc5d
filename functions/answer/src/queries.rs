//! The statements of `POST /api/answer/{task_id}`.

use chrono::{DateTime, Utc};
use shared::db::Database;
use uuid::Uuid;

/// A participant's answer.
pub(crate) struct Submission<'a> {
    pub task_id: &'a str,
    pub user_email: &'a str,
    pub logged_in_at: DateTime<Utc>,
    /// JSON text.
    pub answer: &'a str,
    pub answer_config_id: Option<Uuid>,
    pub ai_score_shown: bool,
}

/// The outcome of storing an answer.
pub(crate) struct Attempt {
    /// The active account of the participant.
    pub account_id: Option<i32>,
    pub is_assigned: bool,
    pub has_questionnaire: bool,
    /// Whether the assignment names no case; then nothing was stored yet.
    pub has_no_case: bool,
    /// The case of the assignment.
    pub case_id: Option<i32>,
    /// The new row; `None` if this task and case already have an answer.
    pub stored: Option<i32>,
}

/// The row that was already stored.
pub(crate) struct StoredAnswer {
    pub id: i32,
    pub answer: Option<String>,
    pub answer_config_id: Option<Uuid>,
    pub ai_score_shown: bool,
}

/// Checks account, assignment and questionnaire, and stores the answer, in one round trip. Copies what a later upload
/// may delete: the configuration, the arm, and the page served last. Stores a missing `path_config` as JSON null, as
/// the old service does. The unique key (`task_id`, `case_id`, `user_email`) lets only one of several concurrent copies
/// win.
pub(crate) async fn store(db: &Database, submission: &Submission<'_>) -> Result<Attempt, sqlx::Error> {
    sqlx::query_as!(
        Attempt,
        r#"WITH account AS (SELECT id, email FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $6) IS NOT FALSE),
             assignment AS (
               SELECT display_config.* FROM display_config JOIN account ON account.email = display_config.user_email
               WHERE display_config.id = $2),
             questionnaire AS (SELECT id FROM answer_config WHERE id = $3),
             shown AS (
               SELECT exposure.id FROM assignment JOIN exposure USING (case_id)
               WHERE task_id = $2 AND exposure.user_email = $1 ORDER BY exposure.id DESC LIMIT 1),
             stored AS (
               INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer,
                                   ai_score_shown, created_timestamp, modified_timestamp,
                                   experiment_id, arm, rl_run_id, policy_id, allocation_probability, exposure_id)
               SELECT assignment.id, case_id, user_email, coalesce(path_config, 'null'), questionnaire.id, $4::text::json,
                      $5, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                      experiment_id, arm, rl_run_id, policy_id, allocation_probability, (SELECT id FROM shown)
               FROM assignment, questionnaire WHERE case_id IS NOT NULL
               ON CONFLICT (task_id, case_id, user_email) DO NOTHING RETURNING id)
           SELECT (SELECT id FROM account) AS account_id,
                  EXISTS (SELECT FROM assignment) AS "is_assigned!",
                  EXISTS (SELECT FROM questionnaire) AS "has_questionnaire!",
                  EXISTS (SELECT FROM assignment WHERE case_id IS NULL) AS "has_no_case!",
                  (SELECT case_id FROM assignment) AS case_id,
                  (SELECT id FROM stored) AS stored"#,
        submission.user_email,
        submission.task_id,
        submission.answer_config_id,
        submission.answer,
        submission.ai_score_shown,
        submission.logged_in_at
    )
    .fetch_one(db)
    .await
}

/// Stores an answer for an assignment without a case. The unique key does not cover its NULL, so a lock on the account
/// serializes concurrent copies; an upload may replace the row of the assignment meanwhile. This takes two more round trips, but valid studies have no such assignments.
pub(crate) async fn store_without_case(db: &Database, submission: &Submission<'_>) -> Result<Attempt, sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query!(r#"SELECT FROM "user" WHERE email = $1 FOR NO KEY UPDATE"#, submission.user_email)
        .fetch_optional(&mut *transaction)
        .await?;
    let attempt = sqlx::query_as!(
        Attempt,
        r#"WITH account AS (SELECT id, email FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $6) IS NOT FALSE),
             stored AS (
               INSERT INTO answer (task_id, user_email, display_configuration, answer_config_id, answer,
                                   ai_score_shown, created_timestamp, modified_timestamp,
                                   experiment_id, arm, rl_run_id, policy_id, allocation_probability)
               SELECT display_config.id, user_email, coalesce(path_config, 'null'), $3, $4::text::json, $5,
                      now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC',
                      experiment_id, arm, rl_run_id, policy_id, allocation_probability
               FROM display_config JOIN account ON account.email = display_config.user_email
               WHERE display_config.id = $2 AND case_id IS NULL
                 AND NOT EXISTS (SELECT FROM answer WHERE task_id = $2 AND user_email = $1 AND case_id IS NULL)
               RETURNING id)
           SELECT (SELECT id FROM account) AS account_id, true AS "is_assigned!", true AS "has_questionnaire!",
                  true AS "has_no_case!", NULL::integer AS case_id, (SELECT id FROM stored) AS stored"#,
        submission.user_email,
        submission.task_id,
        submission.answer_config_id,
        submission.answer,
        submission.ai_score_shown,
        submission.logged_in_at
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(attempt)
}

/// Returns the participant's answer to the assignment with this case: after an upload removes an assignment, a batch can
/// reuse its id for another case. For assignments without a case, the old system could store several answers; the oldest
/// counts. There is none if an upload has removed the assignment before it was answered.
pub(crate) async fn stored_answer(
    db: &Database,
    submission: &Submission<'_>,
    case_id: Option<i32>,
) -> Result<Option<StoredAnswer>, sqlx::Error> {
    sqlx::query_as!(
        StoredAnswer,
        r#"SELECT id, answer::text AS answer, answer_config_id, ai_score_shown FROM answer
           WHERE task_id = $1 AND user_email = $2 AND case_id IS NOT DISTINCT FROM $3 ORDER BY id LIMIT 1"#,
        submission.task_id,
        submission.user_email,
        case_id
    )
    .fetch_optional(db)
    .await
}
