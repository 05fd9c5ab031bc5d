//! The statements of `/admin/users`.

use std::collections::HashMap;

use serde::Serialize;
use shared::db::Database;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::invitation::Invitation;

/// A row of `"user"`, without what belongs to its owner.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    id: i32,
    name: Option<String>,
    email: String,
    position: Option<String>,
    employer: Option<String>,
    area_of_clinical_ex: Option<String>,
    active: Option<bool>,
    admin_flag: Option<bool>,
}

/// In order of their ids.
pub(crate) async fn all(db: &Database) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as!(
        Account,
        r#"SELECT id, name, email, position, employer, area_of_clinical_ex, active, admin_flag FROM "user" ORDER BY id"#
    )
    .fetch_all(db)
    .await
}

/// Adds the accounts whose address nobody has, in any case, as invited ones; the ids of those that were added by their addresses.
/// Of an address that occurs twice the first counts.
pub async fn add(
    connection: &mut PgConnection,
    invitations: &[Invitation],
) -> Result<HashMap<String, i32>, sqlx::Error> {
    fn column<'a, T>(invitations: &'a [Invitation], field: impl Fn(&'a Invitation) -> T) -> Vec<T> {
        invitations.iter().map(field).collect()
    }
    // the table's own key tells A@x from a@x, so that two requests at once have to wait for each other
    sqlx::query!(r#"LOCK TABLE "user" IN SHARE ROW EXCLUSIVE MODE"#).execute(&mut *connection).await?;
    let added = sqlx::query!(
        r#"WITH invited AS (
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) WITH ORDINALITY
               AS invited (email, name, position, employer, area_of_clinical_ex, place)),
             first_of_its_address AS (SELECT DISTINCT ON (lower(email)) * FROM invited ORDER BY lower(email), place)
           INSERT INTO "user" (email, name, position, employer, area_of_clinical_ex, active, admin_flag, created_timestamp, modified_timestamp)
           SELECT email, name, position, employer, area_of_clinical_ex, false, false, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
           FROM first_of_its_address
           WHERE NOT EXISTS (SELECT FROM "user" WHERE lower("user".email) = lower(first_of_its_address.email))
           ORDER BY place
           RETURNING email, id"#,
        &column(invitations, |invitation| invitation.email.clone()),
        &column(invitations, |invitation| invitation.name.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.position.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.employer.clone()) as &[Option<String>],
        &column(invitations, |invitation| invitation.area_of_clinical_ex.clone()) as &[Option<String>]
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(added.into_iter().map(|account| (account.email, account.id)).collect())
}
