//! The small parts of a study, read completely.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::time::StoredTime;
use shared::version;
use sqlx::PgConnection;
use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::types::Json;

use super::manifest::length_and_hash;
use super::pseudonym::participant;
use crate::failure::Failure;

/// JSON as stored.
type Stored = Json<Box<RawValue>>;

/// Maps `participants` (accounts) to the participants of the other files.
#[derive(Serialize)]
pub struct ParticipantId {
    user_id: i32,
    participant: String,
}

pub async fn participant_ids(snapshot: &mut PgConnection) -> Result<Vec<ParticipantId>, Failure> {
    let accounts = sqlx::query!(
        r#"SELECT id, email FROM "user"
           WHERE admin_flag IS NOT TRUE OR email IN (SELECT user_email FROM answer)
           ORDER BY id"#
    );
    let accounts = accounts.fetch_all(snapshot).await?.into_iter();
    Ok(accounts.map(|one| ParticipantId { user_id: one.id, participant: participant(&one.email) }).collect())
}

/// A row of `answer_config`.
#[derive(Serialize)]
pub struct Questionnaire {
    id: String,
    created_timestamp: Option<String>,
    config: Stored,
}

pub async fn questionnaires(snapshot: &mut PgConnection) -> Result<Vec<Questionnaire>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT id, created_timestamp AS "created_timestamp: StoredTime", config AS "config: Stored"
           FROM answer_config
           ORDER BY created_timestamp, id"#
    );
    let rows = rows.fetch_all(snapshot).await?.into_iter();
    Ok(rows
        .map(|row| Questionnaire {
            id: row.id.to_string(),
            created_timestamp: row.created_timestamp.and_then(StoredTime::text),
            config: row.config,
        })
        .collect())
}

/// A row of `system_config`.
#[derive(Serialize)]
pub struct PageConfig {
    id: String,
    json_config: Option<Stored>,
}

pub async fn page_configs(snapshot: &mut PgConnection) -> Result<Vec<PageConfig>, Failure> {
    let rows = sqlx::query_as!(
        PageConfig,
        r#"SELECT id, json_config AS "json_config: Stored" FROM system_config ORDER BY id"#
    );
    Ok(rows.fetch_all(snapshot).await?)
}

/// A row of `experiment`.
#[derive(Serialize)]
pub struct Experiment {
    experiment_id: String,
    name: String,
    description: Option<String>,
    status: String,
    arms: Stored,
    case_pool: Option<Stored>,
    created_at: Option<String>,
    updated_at: Option<String>,
}

pub async fn experiments(snapshot: &mut PgConnection) -> Result<Vec<Experiment>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT experiment_id, name, description, status, arms AS "arms: Stored", case_pool AS "case_pool: Stored",
                  created_at AS "created_at: StoredTime", updated_at AS "updated_at: StoredTime"
           FROM experiment
           ORDER BY id"#
    );
    let rows = rows.fetch_all(snapshot).await?.into_iter();
    Ok(rows
        .map(|row| Experiment {
            experiment_id: row.experiment_id,
            name: row.name,
            description: row.description,
            status: row.status,
            arms: row.arms,
            case_pool: row.case_pool,
            created_at: row.created_at.text_in_utc(),
            updated_at: row.updated_at.text_in_utc(),
        })
        .collect())
}

/// A row of `rl_run`.
#[derive(Serialize)]
pub struct Run {
    id: i32,
    experiment_id: String,
    model_version: Option<String>,
    status: String,
    triggered_by: Option<String>,
    configs_generated: Option<i32>,
    answers_consumed: Option<i32>,
    started_at: Option<String>,
    completed_at: Option<String>,
    run_params: Option<Stored>,
}

pub async fn runs(snapshot: &mut PgConnection) -> Result<Vec<Run>, Failure> {
    let rows = sqlx::query!(
        r#"SELECT id, experiment_id, model_version, status, triggered_by, configs_generated, answers_consumed,
                  started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime",
                  run_params AS "run_params: Stored"
           FROM rl_run
           ORDER BY id"#
    );
    let rows = rows.fetch_all(snapshot).await?.into_iter();
    Ok(rows
        .map(|row| Run {
            id: row.id,
            experiment_id: row.experiment_id,
            model_version: row.model_version,
            status: row.status,
            triggered_by: row.triggered_by,
            configs_generated: row.configs_generated,
            answers_consumed: row.answers_consumed,
            started_at: row.started_at.and_then(StoredTime::text_in_utc),
            completed_at: row.completed_at.and_then(StoredTime::text_in_utc),
            run_params: row.run_params,
        })
        .collect())
}

/// A schema migration, or the program that sealed.
#[derive(Serialize)]
pub struct Version {
    name: String,
    version: String,
    /// SHA-384 of a migration, as in sqlx; SHA-256 of the program.
    checksum: String,
}

pub async fn versions(snapshot: &mut PgConnection) -> Result<Vec<Version>, Failure> {
    let program =
        Version { name: "augmed".to_owned(), version: version::text().to_owned(), checksum: hash_of_program()? };
    let applied = snapshot.list_applied_migrations().await.map_err(|error| match error {
        MigrateError::Execute(error) => error.into(),
        error => Failure::new(error.to_string()),
    })?;
    let migrations = applied.into_iter().map(|migration| Version {
        name: "migration".to_owned(),
        version: migration.version.to_string(),
        checksum: migrate::hex(&migration.checksum),
    });
    Ok([program].into_iter().chain(migrations).collect())
}

/// Returns the program's hash, because its version does not identify the code.
fn hash_of_program() -> Result<String, Failure> {
    let (_, hash) = length_and_hash(&std::env::current_exe()?)?;
    Ok(hash)
}
