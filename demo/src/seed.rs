//! Puts the demo study into a migrated database, once.

use chrono::{DateTime, Utc};
use serde_json::json;
use shared::auth::Passwords;
use sqlx::types::Json;
use sqlx::{Connection as _, PgConnection, PgTransaction};
use uuid::{Uuid, uuid};

use crate::arm::Arm;
use crate::study::{ABOVE_ALL_STUDIES, Account, Answer, Assignment, Case, PAGE_CONFIG, Study, case_id};
use crate::{measurements, observations};

/// Maximum number of rows per case in one table.
const ROWS_PER_CASE: i32 = 1000;
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

async fn store_vocabulary(transaction: &mut PgTransaction<'_>, study: &Study) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
         SELECT concept_id, concept_name, domain_id, vocabulary_id, 'Undefined', concept_id, '1970-01-01', '2099-12-31'
         FROM jsonb_populate_recordset(NULL::concept, $1)",
        Json(&study.concepts) as _
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry, reverse_relationship_id,
                                   relationship_concept_id)
         VALUES ('Subsumes', 'Subsumes', '1', '1', 'Is a', 0),
                ('Is characterized by', 'Is characterized by', '0', '0', 'Characterizes', 0)"
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
         SELECT concept_id_1, concept_id_2, relationship_id, '1970-01-01', '2099-12-31'
         FROM jsonb_populate_recordset(NULL::concept_relationship, $1)",
        Json(&study.concept_relationships) as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn store_case(
    transaction: &mut PgTransaction<'_>,
    number: i32,
    case: &Case,
    study: &Study,
) -> Result<(), sqlx::Error> {
    let (case_id, concept_ids) = (case_id(number), study.concept_ids());
    let rows_above = i64::from(ABOVE_ALL_STUDIES + number * ROWS_PER_CASE);
    sqlx::query!(
        "WITH patient AS (
           INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id, person_source_value)
           VALUES ($1, $2, $3, 0, 0, $4) RETURNING person_id)
         INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
         SELECT person_id, person_id, $5, $6, $6, $7 FROM patient",
        case_id,
        concept_ids[&*case.gender],
        case.year_of_birth,
        format!("Demo patient {number}"),
        concept_ids["Outpatient Visit"],
        case.visit_date,
        concept_ids["EHR"]
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_date, observation_concept_id,
                                  observation_type_concept_id, value_as_string, value_as_number, unit_concept_id, qualifier_concept_id)
         SELECT $1 + ordinality, $2, $2, $3, observation_concept_id, observation_type_concept_id, value_as_string, value_as_number,
                unit_concept_id, qualifier_concept_id
         FROM jsonb_populate_recordset(NULL::observation, $4) WITH ORDINALITY",
        rows_above,
        case_id,
        case.visit_date,
        Json(observations::of(case, &concept_ids)) as _
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_date, measurement_concept_id,
                                  measurement_type_concept_id, value_as_number, value_as_concept_id, unit_concept_id)
         SELECT $1 + ordinality, $2, $2, $3, measurement_concept_id, measurement_type_concept_id, value_as_number, value_as_concept_id,
                unit_concept_id
         FROM jsonb_populate_recordset(NULL::measurement, $4) WITH ORDINALITY",
        rows_above,
        case_id,
        case.visit_date,
        Json(measurements::of(case, &concept_ids)) as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
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
