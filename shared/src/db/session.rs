//! Sessions, and poolers that keep none.
//!
//! PgBouncer in transaction mode and RDS Proxy give each transaction to whichever connection is free. What a session keeps
//! (settings, prepared statements, advisory locks, temporary tables) would be left on a connection that somebody else gets next.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use super::has_code;

/// Settings of PostgreSQL and their values.
pub(super) type Settings = &'static [(&'static str, &'static str)];

/// A setting that means nothing to PostgreSQL. It is there if our startup options have reached the server.
const MARK: &str = "augmed.session";

/// 08P01: PgBouncer does not know a startup parameter. 0A000: RDS Proxy does not support `options`.
const STARTUP_REFUSED: [&str; 2] = ["08P01", "0A000"];

/// Opens a session with `settings`. Returns none behind a pooler that keeps no sessions.
pub(super) async fn open(options: PgConnectOptions, settings: Settings) -> Result<Option<PgConnection>, sqlx::Error> {
    let options = options.options(settings.iter().copied().chain([(MARK, "on")]));
    let mut connection = match options.connect().await {
        Ok(connection) => connection,
        Err(error) if has_code(&error, &STARTUP_REFUSED) => return Ok(None),
        Err(error) => return Err(error),
    };
    if has_mark(&mut connection).await? {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}

/// Opens a session without limits, for migrations, or returns none behind a pooler that keeps no sessions.
pub async fn open_session(options: &PgConnectOptions) -> Result<Option<PgConnection>, sqlx::Error> {
    open(options.clone(), &[]).await
}

/// PgBouncer with `ignore_startup_parameters = options` takes them and says nothing.
async fn has_mark(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // the simple protocol: one round trip, and no statement is left prepared
    let mark = connection.fetch_one("SELECT current_setting('augmed.session', true) = 'on'").await?;
    Ok(mark.try_get_unchecked::<Option<String>, _>(0)?.as_deref() == Some("t"))
}

/// Opens a connection to a pooler, which keeps no session for it. Prepared statements are used once, in one transaction.
pub(super) async fn open_pooled(options: PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    // PgBouncer knows few startup parameters, and neither of these
    options.extra_float_digits(None).statement_cache_capacity(0).connect().await
}

/// What a transaction behind a pooler begins with: no statement of whoever had the connection before is prepared on it, and
/// `settings` hold until the transaction ends.
pub(super) fn prologue(settings: Settings) -> String {
    // how a pooler notices that its client has disappeared is its own business
    let settings = settings.iter().filter(|(name, _)| !name.starts_with("tcp_"));
    let settings = settings.map(|(name, value)| format!("; SET LOCAL {name} = '{value}'"));
    std::iter::once("; DEALLOCATE ALL".to_owned()).chain(settings).collect()
}
