//! Requests to one warm function behind PgBouncer in transaction mode, compared with the same function without it.

use hyper::body::Bytes;
use local::pgbouncer::{PgBouncer, through};

use super::assignments;
use super::functions::alternate;
use crate::function::FunctionProcess;
use crate::measured::Measured;
use crate::postgres::Database;
use crate::report::{Reach, Section, Verdict, count, microseconds, milliseconds, ratio};
use crate::route::{ROUTES, Route};
use crate::server::environment;
use crate::study::Study;
use crate::{Bench, Failure};

/// Connections, as with RDS Proxy or a small PgBouncer.
const CONNECTIONS: usize = 10;

const COLUMNS: [&str; 6] = [
    "route",
    "mean, ms",
    "mean through PgBouncer, ms",
    "p99 through PgBouncer, ms",
    "CPU of PostgreSQL, µs",
    "of PostgreSQL behind PgBouncer, µs",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let study = bench.study()?;
    let bouncer = PgBouncer::start(&study.database.url, CONNECTIONS, "").await?;
    let pooled = study.database.at(through(bouncer.address(), &study.database.url)?);
    let mut section = Section::new("One warm function behind PgBouncer, compared with one without it", &COLUMNS);
    for route in &ROUTES {
        match compare(bench, study, &pooled, route).await {
            Ok((direct, pooled)) => add(&mut section, route, &direct, &pooled),
            Err(error) => section.fail(route.name, &error),
        }
    }
    Ok(section)
}

async fn compare(
    bench: &Bench,
    study: &Study,
    pooled: &Database,
    route: &Route,
) -> Result<(Measured, Measured), Failure> {
    let binary = bench.binary(route.function)?;
    let direct = FunctionProcess::start(binary, &environment(&study.database)).await?;
    let pooled = FunctionProcess::start(binary, &environment(pooled)).await?;
    let assignments = assignments(route, study);
    let event = |n: usize| Bytes::from(route.event(&assignments[n % assignments.len()]).to_string());
    alternate(study, &bench.pace, (direct, event), (pooled, event)).await
}

fn add(section: &mut Section, route: &Route, direct: &Measured, pooled: &Measured) {
    let what = format!("{}, behind PgBouncer", route.name);
    let rate = |measured: &Measured| format!("{}/s", count(measured.per_second));
    // four round trips instead of one: BEGIN and settings, prepare, execute, COMMIT (decision 81)
    let slower = ratio(pooled.mean, direct.mean);
    section.verdicts.push(Verdict::new(what, rate(pooled), rate(direct), slower, Reach::AtMost(4.0)));
    section.rows.push(vec![
        route.name.to_owned(),
        milliseconds(direct.mean),
        milliseconds(pooled.mean),
        milliseconds(pooled.p99),
        microseconds(direct.cpu[0]),
        microseconds(pooled.cpu[0]),
    ]);
}
