//! What there is to ask about: read from the database that both systems use.

use shared::db::Database;

use crate::failure::Failure;

/// Who and what is in the study.
#[derive(Debug)]
pub struct Study {
    /// Active accounts that are no administrators.
    pub participants: Vec<Participant>,
    pub assignments: Vec<Assignment>,
    pub experiments: Vec<String>,
}

/// An active account.
#[derive(Clone, Debug)]
pub struct Participant {
    pub id: i32,
    pub email: String,
}

/// An assignment of an active account.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    pub email: String,
}

impl Study {
    /// Reads it; of a sample, the participants and assignments are so many, always the same.
    pub async fn read(db: &Database, sample: Option<u32>) -> Result<Self, Failure> {
        let limit = sample.map(i64::from);
        let participants = sqlx::query_as!(
            Participant,
            r#"SELECT id, email AS "email!" FROM "user"
               WHERE active AND admin_flag IS NOT TRUE AND email IS NOT NULL
               ORDER BY md5(id::text) LIMIT $1"#,
            limit
        );
        let assignments = sqlx::query_as!(
            Assignment,
            r#"SELECT display_config.id, email AS "email!" FROM display_config JOIN "user" ON email = user_email
               WHERE active ORDER BY md5(display_config.id) LIMIT $1"#,
            limit
        );
        let experiments = sqlx::query_scalar!("SELECT experiment_id FROM experiment ORDER BY id");
        Ok(Self {
            participants: participants.fetch_all(db).await?,
            assignments: assignments.fetch_all(db).await?,
            experiments: experiments.fetch_all(db).await?,
        })
    }
}
