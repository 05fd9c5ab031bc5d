//! Participants, accounts and assignments to ask about, from the database that both systems use.

use shared::db::Database;

use crate::failure::Failure;

/// Content of the study.
#[derive(Debug)]
pub struct Study {
    /// Active accounts except administrators.
    pub participants: Vec<Participant>,
    pub assignments: Vec<Assignment>,
    /// Ids of all accounts.
    pub accounts: Vec<i32>,
    pub experiments: Vec<String>,
}

/// An active account.
#[derive(Clone, Debug)]
pub struct Participant {
    pub id: i32,
    pub email: String,
    /// Whether one of its assignments has no case, or a case whose visit was deleted.
    pub lacks_case: bool,
}

/// An assignment of an active account.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    pub email: String,
    /// Whether it has no case, or a case whose visit was deleted.
    pub lacks_case: bool,
    /// Whether a path below `BACKGROUND` has more than three segments.
    pub has_deep_paths: bool,
}

impl Study {
    /// Reads the study. A sample limits participants, assignments and accounts to this number, always the same ones.
    pub async fn read(db: &Database, sample: Option<u32>) -> Result<Self, Failure> {
        let limit = sample.map(i64::from);
        // the old system treats case 0 as missing
        let participants = sqlx::query_as!(
            Participant,
            r#"SELECT id, email AS "email!", EXISTS (
                   SELECT FROM display_config LEFT JOIN visit_occurrence ON visit_occurrence_id = case_id
                   WHERE user_email = email AND (visit_occurrence_id IS NULL OR case_id = 0)) AS "lacks_case!"
               FROM "user"
               WHERE active AND admin_flag IS NOT TRUE AND email IS NOT NULL
               ORDER BY md5(id::text) LIMIT $1"#,
            limit
        );
        let assignments = sqlx::query_as!(
            Assignment,
            r#"SELECT display_config.id, email AS "email!",
                      (visit_occurrence_id IS NULL OR case_id = 0) AS "lacks_case!",
                      coalesce(path_config::text ~ 'BACKGROUND\.[^."]*\.[^."]*\.', false) AS "has_deep_paths!"
               FROM display_config JOIN "user" ON email = user_email
               LEFT JOIN visit_occurrence ON visit_occurrence_id = case_id
               WHERE active ORDER BY md5(display_config.id) LIMIT $1"#,
            limit
        );
        let accounts = sqlx::query_scalar!(r#"SELECT id FROM "user" ORDER BY md5(id::text) LIMIT $1"#, limit);
        let experiments = sqlx::query_scalar!("SELECT experiment_id FROM experiment ORDER BY id");
        Ok(Self {
            participants: participants.fetch_all(db).await?,
            assignments: assignments.fetch_all(db).await?,
            accounts: accounts.fetch_all(db).await?,
            experiments: experiments.fetch_all(db).await?,
        })
    }
}

/// Returns the address of an administrator whose token both systems accept.
pub async fn administrator(db: &Database) -> Result<Option<String>, Failure> {
    let administrator = sqlx::query_scalar!(
        r#"SELECT email AS "email!" FROM "user" WHERE active AND admin_flag AND email IS NOT NULL ORDER BY id LIMIT 1"#
    );
    Ok(administrator.fetch_optional(db).await?)
}

/// Returns whether the account is active now.
pub async fn is_active(db: &Database, email: &str) -> Result<bool, Failure> {
    let is_active =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM "user" WHERE email = $1 AND active) AS "is_active!""#, email);
    Ok(is_active.fetch_one(db).await?)
}

/// Returns the approximate number of rows of the exports, to estimate the duration.
pub async fn exported_rows(db: &Database) -> Result<[i64; 4], Failure> {
    let rows = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM answer) AS "answers!", (SELECT count(*) FROM display_config) AS "assignments!",
                  (SELECT count(*) FROM analytics) AS "timings!", (SELECT count(*) FROM "user") AS "accounts!""#
    );
    let rows = rows.fetch_one(db).await?;
    Ok([rows.answers, rows.assignments, rows.timings, rows.accounts])
}
