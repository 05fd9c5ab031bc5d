//! The participants of a day, and their preparation in both copies.

use chrono::TimeDelta;
use shared::auth::{PasswordRecord, Passwords, ResetToken};
use shared::db::Database;
use shared::time::now;

use super::settings::Day;
use crate::failure::Failure;
use crate::random::SeededRng;

/// A participant with a new password in both copies.
pub struct Actor {
    pub email: String,
    pub password: String,
}

/// Everybody and everything that the day needs.
pub struct Actors {
    pub participants: Vec<Actor>,
    /// Reset link of the first participant, because copies send no mail.
    pub reset: ResetToken,
    /// Cases for the upload.
    pub cases: Vec<i32>,
}

/// Returns an error if both URLs are of the same database, in which the day would be played twice. The port does not count: over a socket
/// there is none. Neither does the system identifier, because copies made of one snapshot share it.
pub async fn refuse_one_database(old: &Database, new: &Database) -> Result<(), Failure> {
    let identity = async |db: &Database| {
        let identity = sqlx::query_scalar!(
            r#"SELECT concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()), current_database()) AS "identity!""#
        );
        identity.fetch_one(db).await
    };
    if identity(old).await? == identity(new).await? {
        let one = Failure::new("OLD_DATABASE_URL and DATABASE_URL are the same database");
        return Err(one.with_remedy("restore the dump twice, and start a system over each copy"));
    }
    Ok(())
}

/// Chooses participants, and gives both copies the same passwords and the same link.
pub async fn prepare(day: &Day<'_>, rng: &mut SeededRng) -> Result<Actors, Failure> {
    let emails = sqlx::query_scalar!(
        r#"SELECT email AS "email!" FROM "user"
           WHERE active AND admin_flag IS NOT TRUE AND EXISTS (SELECT FROM display_config WHERE user_email = email)
             AND (SELECT count(*) FROM "user" AS other WHERE lower(other.email) = lower("user".email)) = 1
           ORDER BY md5(email || $1) LIMIT $2"#,
        day.seed,
        i64::from(day.participants)
    );
    let emails = emails.fetch_all(day.old_db).await?;
    if emails.is_empty() {
        return Err(Failure::new(
            "no active participant of OLD_DATABASE_URL has an assignment: there is no day to play",
        ));
    }
    let cases = sqlx::query_scalar!(
        "SELECT visit_occurrence_id FROM visit_occurrence ORDER BY md5(visit_occurrence_id::text || $1) LIMIT 12",
        day.seed
    );
    let cases = cases.fetch_all(day.old_db).await?;
    let (password, reset) = (format!("Day-{}-x1", rng.below(1_000_000)), ResetToken::generate());
    let hashed = Passwords::new().hash(password.clone()).await;
    let record = hashed.map_err(|_| Failure::new("the password of the day cannot be hashed"))?;
    for db in [day.old_db, day.new_db] {
        give_passwords(db, &emails, &record).await?;
        give_link(db, &emails[0], &reset).await?;
    }
    let participants = emails.into_iter().map(|email| Actor { email, password: password.clone() }).collect();
    Ok(Actors { participants, reset, cases })
}

async fn give_passwords(db: &Database, emails: &[String], record: &PasswordRecord) -> Result<(), Failure> {
    let given = sqlx::query!(
        r#"UPDATE "user" SET password = $1, salt = $2 WHERE email = ANY ($3)"#,
        record.digest,
        record.salt,
        emails
    );
    given.execute(db).await?;
    Ok(())
}

async fn give_link(db: &Database, email: &str, token: &ResetToken) -> Result<(), Failure> {
    let created = now().naive_utc();
    let given = sqlx::query!(
        "INSERT INTO reset_password_token (id, email, token, active, created_timestamp, expired_at)
         VALUES (gen_random_uuid(), $1, $2, true, $3, $4)",
        email,
        token.stored(),
        // the day's password is older than this
        created + TimeDelta::seconds(1),
        created + TimeDelta::days(2)
    );
    given.execute(db).await?;
    Ok(())
}
