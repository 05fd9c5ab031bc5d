//! Checks the database: connection, clock, schema.

use chrono::{DateTime, Utc};
use migrate::{Runner, State};
use shared::db::Database;
use shared::time::now;
use sqlx::postgres::PgConnectOptions;

use super::diagnosis::Diagnosis;
use crate::context::Context;
use crate::failure::Failure;

/// Maximum difference: tokens of a server whose clock is further ahead are refused (contract, section 9).
const LEEWAY_SECONDS: f64 = 30.0;
const NOTICEABLE_SECONDS: f64 = 2.0;
/// The oldest version that the tests run on.
const OLDEST_VERSION: i32 = 140_000;

/// Checks the connection and the database's clock; also returns whether there is a connection.
pub async fn connection(context: &Context) -> (Diagnosis, bool) {
    let remedy = "check that the server runs, the address is correct and this machine may connect; psql with the same address shows details";
    let examined = async { Ok::<_, Failure>(facts(&context.database().await?).await?) };
    match examined.await {
        Ok(diagnosis) => (diagnosis, true),
        Err(failure) => (Diagnosis::failed("database", failure.to_string(), remedy), false),
    }
}

/// Checks the replica, if one is configured.
pub async fn replica(context: &Context) -> Option<Diagnosis> {
    let remedy = "check that it runs and that DATABASE_REPLICA_URL is correct; until then, exports read the primary";
    match context.replica_lag().await? {
        Ok(lag) => Some(Diagnosis::good("replica", format!("{:.1} s behind", lag.as_secs_f64()))),
        Err(failure) => Some(Diagnosis::warning("replica", failure.to_string(), remedy)),
    }
}

async fn facts(db: &Database) -> Result<Diagnosis, sqlx::Error> {
    let before = now();
    let facts = sqlx::query!(
        r#"SELECT clock_timestamp() AS "now!", current_setting('server_version_num')::integer AS "version!",
                  current_setting('server_version') AS "version_name!", pg_encoding_to_char(encoding) AS "encoding!"
           FROM pg_database WHERE datname = current_database()"#
    )
    .fetch_one(db)
    .await?;
    let round_trip = now() - before;
    let apart = apart(facts.now, before, before + round_trip);
    let name = format!(
        "PostgreSQL {}, {} ms away, clocks {apart:.1} s apart",
        facts.version_name,
        round_trip.num_milliseconds()
    );
    Ok(if facts.encoding != "UTF8" {
        Diagnosis::failed(
            "database",
            format!("its encoding is {}", facts.encoding),
            "create it with createdb --encoding=UTF8 --template=template0",
        )
    } else if facts.version < OLDEST_VERSION {
        Diagnosis::warning("database", name, "PostgreSQL 14 is the oldest tested version")
    } else if apart > LEEWAY_SECONDS {
        Diagnosis::failed("clocks", name, "synchronize them with NTP: tokens and reset links depend on them")
    } else if apart > NOTICEABLE_SECONDS {
        Diagnosis::warning("clocks", name, "synchronize them with NTP: durations in a study depend on them")
    } else {
        Diagnosis::good("database", name)
    })
}

/// Returns the seconds between a clock and the interval in which it was read.
fn apart(clock: DateTime<Utc>, before: DateTime<Utc>, after: DateTime<Utc>) -> f64 {
    let early = (before - clock).as_seconds_f64().max(0.0);
    let late = (clock - after).as_seconds_f64().max(0.0);
    early.max(late)
}

/// Checks the schema; also returns whether the study can be checked.
pub async fn schema(options: &PgConnectOptions) -> (Diagnosis, bool) {
    match Runner::new(options).status().await {
        Err(error) => (
            Diagnosis::failed("schema", error.to_string(), "see migrations/README.md, and run augmed migrate plan"),
            false,
        ),
        Ok(report) if report.state == State::Empty => {
            (Diagnosis::failed("schema", "the database is empty", "augmed migrate up"), false)
        }
        Ok(report) if report.state == State::OldSystem => (
            Diagnosis::failed("schema", report.message, "augmed migrate plan, then augmed migrate up to adopt it"),
            false,
        ),
        Ok(report) if !report.pending.is_empty() => (
            Diagnosis::failed(
                "schema",
                format!("migrations: {}", report.message),
                "augmed migrate plan, then augmed migrate up",
            ),
            false,
        ),
        Ok(report) => (Diagnosis::good("schema", report.message), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_clocks_excludes_the_round_trip() {
        let at = |second: i64| DateTime::from_timestamp(second, 0).unwrap_or_default();

        assert!(apart(at(11), at(10), at(12)).abs() < f64::EPSILON);
        assert!((apart(at(15), at(10), at(12)) - 3.0).abs() < f64::EPSILON);
        assert!((apart(at(5), at(10), at(12)) - 5.0).abs() < f64::EPSILON);
    }
}
