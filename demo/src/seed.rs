//! Puts the demo study into a migrated database, once.

use chrono::{DateTime, Utc};
use serde_json::json;
use shared::auth::Passwords;
use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::{Uuid, uuid};

use crate::arm::Arm;
use crate::clinical_data::{store_case, store_vocabulary};
use crate::study::{Account, Answer, Assignment, PAGE_CONFIG, Study, case_id};

const QUESTIONNAIRE_ID: Uuid = uuid!("d3300000-0000-4000-8000-000000000001");
const EXPERIMENT_ID: &str = "exp-d33000000001";

/// Outcome of seeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeded {
    /// The study was stored.
    Stored,
    /// The study was already there and was left unchanged.
    AlreadyThere,
}

/// Why the demo study was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The demo is never mixed with other data.
    #[error("the database holds another study than the demo: {0}")]
    AnotherStudy(&'static str),
    /// Hashing a password failed.
    #[error("a password of the demo study: {0}")]
    Password(String),
    /// PostgreSQL reported an error.
    #[error("the demo study cannot be stored: {0}")]
    Database(#[from] sqlx::Error),
}

/// Stores the whole study in one transaction, unless it is already there.
pub async fn seed(connection: &mut PgConnection) -> Result<Seeded, SeedError> {
    let mut transaction = connection.begin().await?;
    if is_there(&mut transaction).await? {
        return Ok(Seeded::AlreadyThere);
    }
    let study = Study::embedded();
    store_vocabulary(&mut transaction, &study).await?;
    for (case, number) in study.cases.iter().zip(1..) {
        store_case(&mut transaction, number, case, &study).await?;
    }
    for account in &study.accounts {
        store_account(&mut transaction, account).await?;
    }
    store_configuration(&mut transaction, &study).await?;
    for assignment in &study.assignments {
        store_assignment(&mut transaction, assignment, &study).await?;
    }
    for answer in &study.answers {
        store_answer(&mut transaction, answer, &study).await?;
    }
    transaction.commit().await?;
    Ok(Seeded::Stored)
}

async fn is_there(transaction: &mut PgTransaction<'_>) -> Result<bool, SeedError> {
    // if two programs seed at the same time, one waits
    sqlx::query!("LOCK TABLE system_config IN SHARE ROW EXCLUSIVE MODE").execute(&mut **transaction).await?;
    let found = sqlx::query!(
        r#"SELECT (SELECT coalesce(json_config::jsonb = $1::text::jsonb, false) FROM system_config WHERE id = 'page_config') AS is_demo,
                  EXISTS (SELECT FROM "user") AS "has_accounts!",
                  EXISTS (SELECT FROM concept) OR EXISTS (SELECT FROM person) OR EXISTS (SELECT FROM display_config) AS "has_rows!""#,
        PAGE_CONFIG
    )
    .fetch_one(&mut **transaction)
    .await?;
    match found.is_demo {
        Some(true) => Ok(true),
        Some(false) => Err(SeedError::AnotherStudy("its page_config is another one")),
        None if found.has_accounts => Err(SeedError::AnotherStudy("it has accounts and no page_config")),
        None if found.has_rows => {
            Err(SeedError::AnotherStudy("it has concepts, persons or assignments and no page_config"))
        }
        None => Ok(false),
    }
}

async fn store_account(transaction: &mut PgTransaction<'_>, account: &Account) -> Result<(), SeedError> {
    let record = match &account.password {
        Some(password) => Some(
            Passwords::new().hash(password.clone()).await.map_err(|error| SeedError::Password(error.to_string()))?,
        ),
        None => None,
    };
    let (salt, digest) = record.map(|record| (record.salt, record.digest)).unzip();
    sqlx::query!(
        r#"INSERT INTO "user" (name, email, salt, password, active, admin_flag, position, employer, area_of_clinical_ex,
                             created_timestamp, modified_timestamp)
           VALUES ($1, $2, $3, $4::text, $4 IS NOT NULL, $5, $6, $7, $8, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"#,
        account.name,
        account.email,
        salt,
        digest,
        account.admin_flag,
        account.position,
        account.employer,
        account.area_of_clinical_ex
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn store_configuration(transaction: &mut PgTransaction<'_>, study: &Study) -> Result<(), sqlx::Error> {
    sqlx::query!("INSERT INTO system_config (id, json_config) VALUES ('page_config', $1::text::json)", PAGE_CONFIG)
        .execute(&mut **transaction)
        .await?;
    sqlx::query!(
        "INSERT INTO answer_config (id, config, created_timestamp) VALUES ($1, $2::text::json, '2025-03-03 09:00:00')",
        QUESTIONNAIRE_ID,
        study.questionnaire.to_string()
    )
    .execute(&mut **transaction)
    .await?;
    let arms = Arm::ALL.map(|arm| json!({ "name": arm.name() }));
    sqlx::query!(
        "INSERT INTO experiment (experiment_id, name, description, arms) VALUES ($1, 'Demo: AI score and emphasis', $2, $3)",
        EXPERIMENT_ID,
        "Twelve invented patients, each read in several arms. Nothing here refers to a real person.",
        json!(arms)
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn store_assignment(
    transaction: &mut PgTransaction<'_>,
    assignment: &Assignment,
    study: &Study,
) -> Result<(), sqlx::Error> {
    let Assignment { user_email, case, arm } = assignment;
    sqlx::query!(
        "INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, arm) VALUES ($1, $2, $3, $4::text::json, $5, $6)",
        study.assignment_id(assignment),
        user_email,
        case_id(*case),
        json!(arm.path_config(study.case(*case))).to_string(),
        EXPERIMENT_ID,
        arm.name()
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Stores an answer as the routes would, with its timing.
async fn store_answer(transaction: &mut PgTransaction<'_>, answer: &Answer, study: &Study) -> Result<(), sqlx::Error> {
    let assignment = study.assignment(&answer.user_email, answer.case);
    let seconds = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).as_seconds_f64();
    sqlx::query!(
        "WITH answered AS (
           INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer, ai_score_shown,
                               created_timestamp, modified_timestamp)
           SELECT id, case_id, user_email, path_config, $2, $3::text::json, $4, $7::timestamptz AT TIME ZONE 'UTC', $7 AT TIME ZONE 'UTC'
           FROM display_config WHERE id = $1
           RETURNING task_id, case_id, user_email)
         INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                                to_answer_open_secs, to_submit_secs, total_duration_secs, created_timestamp, modified_timestamp)
         SELECT user_email, task_id, case_id, $5, $6, $7, $8, $9, $10, $7, $7 FROM answered",
        study.assignment_id(assignment),
        QUESTIONNAIRE_ID,
        json!(answer.answer).to_string(),
        assignment.arm.shows_ai_score(),
        answer.case_open_time,
        answer.answer_open_time,
        answer.answer_submit_time,
        seconds(answer.case_open_time, answer.answer_open_time),
        seconds(answer.answer_open_time, answer.answer_submit_time),
        seconds(answer.case_open_time, answer.answer_submit_time)
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
