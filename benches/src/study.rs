//! The data of the requests.

use std::collections::HashMap;

use chrono::Utc;
use shared::auth::Tokens;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::Failure;
use crate::postgres::{Cluster, Database};

/// Key that signs the participants' tokens.
pub const JWT_SECRET_KEY: &str = "bench-secret-key-0123456789abcdef0123456789";

/// Number of participants who read, and of assignments for each.
pub const READERS: (u32, u32) = (224, 100);
/// Number before the first participant who writes, number of such participants, and of assignments for each.
pub const WRITERS: (u32, u32, u32) = (1000, 1000, 100);

/// A database with a study.
pub struct Study {
    pub patients: u32,
    pub database: Database,
    /// Assignments to read.
    pub read: Vec<Assignment>,
    /// Assignments without an answer.
    pub unanswered: Vec<Assignment>,
}

/// An assignment and its participant's token.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    pub email: String,
    /// `Bearer …`
    pub authorization: String,
}

impl Study {
    /// Generates a study with this many patients.
    pub async fn generate(cluster: &Cluster, patients: u32) -> Result<Self, Failure> {
        let database = cluster.database(&format!("study_{patients}")).await?;
        let mut connection = database.connect().await?;
        connection.execute(format!("SET bench.patients = {patients}").as_str()).await?;
        connection.execute(sqlx::raw_sql(include_str!("study.sql"))).await?;
        connection.execute("RESET session_replication_role").await?;
        connection.execute("VACUUM (FREEZE, ANALYZE)").await?;
        connection.execute("CHECKPOINT").await?;
        let read = assignments(&mut connection, "<= 224").await?;
        let unanswered = assignments(&mut connection, "> 1000").await?;
        connection.close().await?;
        Ok(Self { patients, database, read, unanswered })
    }

    /// Removes what measurements have written.
    pub async fn reset(&self) -> Result<(), Failure> {
        let mut connection = self.database.connect().await?;
        // in this order, because an answer refers to its exposure
        for table in ["answer", "analytics", "exposure"] {
            let written =
                format!(r#"DELETE FROM {table} WHERE user_email IN (SELECT email FROM "user" WHERE id > 1000)"#);
            if connection.execute(written.as_str()).await?.rows_affected() > 0 {
                connection.execute(format!("VACUUM ANALYZE {table}").as_str()).await?;
            }
        }
        Ok(())
    }
}

async fn assignments(connection: &mut PgConnection, participants: &str) -> Result<Vec<Assignment>, Failure> {
    let tokens =
        Tokens::new(&JWT_SECRET_KEY.into(), std::time::Duration::from_hours(24), std::time::Duration::from_hours(24));
    let query = format!(
        r#"SELECT display_config.id, user_email FROM display_config JOIN "user" ON email = user_email
           WHERE "user".id {participants} ORDER BY upload_order"#
    );
    let rows: Vec<(String, String)> = sqlx::query_as(&query).fetch_all(connection).await?;
    let mut issued = HashMap::<String, String>::new();
    for (_, email) in &rows {
        if !issued.contains_key(email) {
            issued.insert(email.clone(), format!("Bearer {}", tokens.issue(email, false, Utc::now())?));
        }
    }
    let assignment = |(id, email): (String, String)| Assignment { id, authorization: issued[&email].clone(), email };
    Ok(rows.into_iter().map(assignment).collect())
}
