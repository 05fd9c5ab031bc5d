use std::error::Error;

use sqlx::{Executor as _, PgConnection};

pub(super) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Creates a database, a copy of `template` if there is one.
pub(super) async fn create_database(admin: &mut PgConnection, name: &str, template: Option<&str>) -> sqlx::Result<()> {
    let template = template.unwrap_or("template0");
    // copies files instead of logging every block: several times faster without fsync
    let strategy = if admin.server_version_num() >= Some(150_000) { "STRATEGY file_copy" } else { "" };
    admin.execute(format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}").as_str()).await?;
    Ok(())
}

pub(super) async fn drop_database(admin: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    admin.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str()).await?;
    Ok(())
}

/// Drops databases of failed tests, of the last tests of a process, and of killed processes, unless another process is doing so.
pub(super) async fn drop_databases_of_ended_runs(admin: &mut PgConnection) -> sqlx::Result<()> {
    let alone = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('ended runs'))");
    if !alone.fetch_one(&mut *admin).await? {
        return Ok(());
    }
    let ended = "SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9a-f]{8}_[0-9]+$' \
                 AND left(datname, 13) NOT IN (SELECT application_name FROM pg_stat_activity)";
    for name in sqlx::query_scalar::<_, String>(ended).fetch_all(&mut *admin).await? {
        drop_database(admin, &name).await?;
    }
    admin.execute("SELECT pg_advisory_unlock(hashtext('ended runs'))").await?;
    Ok(())
}

/// Keeps the newest four: other checkouts use this server too.
pub(super) async fn drop_old_templates(admin: &mut PgConnection, purpose: &str) -> sqlx::Result<()> {
    let old = "SELECT datname FROM pg_database WHERE datname ~ ('^template_' || $1 || '_[0-9a-f]{12}$') \
               AND datistemplate ORDER BY oid DESC OFFSET 4";
    for name in sqlx::query_scalar::<_, String>(old).bind(purpose).fetch_all(&mut *admin).await? {
        admin.execute(format!("ALTER DATABASE {name} IS_TEMPLATE false").as_str()).await?;
        drop_database(admin, &name).await?;
    }
    Ok(())
}
