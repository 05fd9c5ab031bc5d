//! Sessions, and poolers that keep none.
//!
//! PgBouncer in transaction mode and RDS Proxy run each transaction on any free connection. Session state (settings,
//! prepared statements, advisory locks, temporary tables) would leak to the next client of that connection.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use super::has_code;

/// Settings of PostgreSQL and their values.
pub(super) type Settings = &'static [(&'static str, &'static str)];

/// A setting without meaning to PostgreSQL. Its presence proves that our startup options reached the server.
const SESSION_MARKER: &str = "augmed.session";

/// 08P01: PgBouncer does not know a startup parameter. 0A000: RDS Proxy does not support `options`.
const STARTUP_REFUSED: [&str; 2] = ["08P01", "0A000"];

/// Asks whether our startup options reached the server. PgBouncer with `ignore_startup_parameters = options` accepts and
/// drops them.
const HAS_MARKER: &str = "SELECT current_setting('augmed.session', true) = 'on'";

/// Asks the same. If more than half of the server's connections are in use, it also lets the server end this session
/// after two idle seconds: Lambda keeps idle processes for minutes, and others need their connections. A connection
/// that was idle for a second is pinged before use, so no request uses a session that the server has ended.
const HAS_MARKER_AND_YIELDS: &str = "SELECT current_setting('augmed.session', true) = 'on',
    CASE WHEN current_setting('augmed.session', true) = 'on'
          -- PostgreSQL 13 has no idle_session_timeout
          AND current_setting('server_version_num')::int >= 140000
          -- every role sees datid of all sessions; PostgreSQL's own processes have none
          AND (SELECT count(datid) FROM pg_stat_get_activity(NULL)) > current_setting('max_connections')::int / 2
         THEN set_config('idle_session_timeout', '2s', false) END";

/// Opens a session for requests, with `settings`. Returns none behind a pooler that keeps no sessions.
pub(super) async fn open_for_requests(
    options: &PgConnectOptions,
    settings: Settings,
) -> Result<Option<PgConnection>, sqlx::Error> {
    open(options.clone(), settings, HAS_MARKER_AND_YIELDS).await
}

/// Opens a session without limits, for migrations and commands. Returns none behind a pooler that keeps no sessions.
pub async fn open_session(options: &PgConnectOptions) -> Result<Option<PgConnection>, sqlx::Error> {
    open(options.clone(), &[], HAS_MARKER).await
}

async fn open(
    options: PgConnectOptions,
    settings: Settings,
    has_marker: &str,
) -> Result<Option<PgConnection>, sqlx::Error> {
    let options = options.options(settings.iter().copied().chain([(SESSION_MARKER, "on")]));
    let mut connection = match options.connect().await {
        Ok(connection) => connection,
        Err(error) if has_code(&error, &STARTUP_REFUSED) => return Ok(None),
        Err(error) => return Err(error),
    };
    // simple protocol: one round trip, and no prepared statement remains
    let mark = connection.fetch_one(has_marker).await?;
    if mark.try_get_unchecked::<Option<String>, _>(0)?.as_deref() == Some("t") {
        return Ok(Some(connection));
    }
    connection.close().await?;
    Ok(None)
}

/// Opens a connection to a pooler that keeps no sessions. Each prepared statement is used once, within one transaction.
pub(super) async fn open_pooled(options: PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    // PgBouncer supports few startup parameters, and not extra_float_digits
    options.extra_float_digits(None).statement_cache_capacity(0).connect().await
}

/// Returns the start of every transaction behind a pooler: it drops the prepared statements of previous clients, and
/// applies `settings` until the transaction ends.
pub(super) fn prologue(settings: Settings) -> String {
    // the pooler itself detects clients that disappear
    let settings = settings.iter().filter(|(name, _)| !name.starts_with("tcp_"));
    let settings = settings.map(|(name, value)| format!("; SET LOCAL {name} = '{value}'"));
    std::iter::once("; DEALLOCATE ALL".to_owned()).chain(settings).collect()
}
