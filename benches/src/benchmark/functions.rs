//! Requests to one warm function, compared with a bare function with the same statement.

use std::time::{Instant, SystemTime};

use hyper::body::Bytes;

use super::{assignments, serve, statement_of};
use crate::arguments::Pace;
use crate::function::{FunctionProcess, succeeded};
use crate::measured::{Measured, Parts, Window};
use crate::report::{Reach, Section, Verdict, count, microseconds, milliseconds};
use crate::route::{ROUTES, Route};
use crate::server::environment;
use crate::study::Study;
use crate::{Bench, Failure, process, statement};

const COLUMNS: [&str; 9] = [
    "route",
    "invocations/s",
    "bare/s",
    "p99, ms",
    "p99 of the bare one, ms",
    "CPU of the function, µs",
    "of the bare one",
    "of PostgreSQL",
    "of PostgreSQL under the bare one",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("One warm function, compared with a bare one with the same statement", &COLUMNS);
    for route in &ROUTES {
        match compare(bench, route).await {
            Ok((ours, limit)) => add(&mut section, route, &ours, &limit),
            Err(error) => section.fail(route.name, &error),
        }
    }
    Ok(section)
}

async fn compare(bench: &Bench, route: &Route) -> Result<(Measured, Measured), Failure> {
    let study = bench.study()?;
    let server = serve(bench, study).await?;
    let sql = statement_of(route, study, &server).await?;
    server.stop().await?;
    let function = FunctionProcess::start(bench.binary(route.function)?, &environment(&study.database)).await?;
    let bare = FunctionProcess::start(bench.binary("bare-query")?, &bare_environment(study, route, &sql)?).await?;
    let assignments = assignments(route, study);
    let nth = |n: usize| &assignments[n % assignments.len()];
    let event = |n| Bytes::from(route.event(nth(n)).to_string());
    let bare_event = |n| Bytes::from(route.bare_event(nth(n)).to_string());
    alternate(study, &bench.pace, (function, event), (bare, bare_event)).await
}

/// Measures two warm functions alternately, and ends them. Returns the median of each.
pub(super) async fn alternate(
    study: &Study,
    pace: &Pace,
    (mut one, one_event): (FunctionProcess, impl Fn(usize) -> Bytes),
    (mut other, other_event): (FunctionProcess, impl Fn(usize) -> Bytes),
) -> Result<(Measured, Measured), Failure> {
    one.ready().await?;
    other.ready().await?;
    let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
    for _ in 0..pace.rounds {
        of_one.push(measure(&mut one, &one_event, study, pace).await?);
        study.reset().await?;
        of_other.push(measure(&mut other, &other_event, study, pace).await?);
        study.reset().await?;
    }
    one.end().await?;
    other.end().await?;
    Ok((Measured::median(&of_one), Measured::median(&of_other)))
}

/// Returns the environment of a bare function: the statement, with its arguments as texts.
pub(super) fn bare_environment(
    study: &Study,
    route: &Route,
    sql: &str,
) -> Result<[(&'static str, String); 2], Failure> {
    let argument = |n: usize| Some(format!("${}::text::{}", n + 1, route.parameters.get(n)?.sql_type));
    let statement = statement::with_arguments(sql, argument)?;
    Ok([("DATABASE_URL", study.database.url.clone()), ("STATEMENT", statement)])
}

/// Invokes the function repeatedly.
async fn measure(
    function: &mut FunctionProcess,
    event: impl Fn(usize) -> Bytes,
    study: &Study,
    pace: &Pace,
) -> Result<Measured, Failure> {
    let (pid, own) = (function.pid, std::process::id());
    let (postgres, served, client) = (|| study.database.cpu(), || process::cpu(pid), || process::cpu(own));
    let parts: Parts<'_> = [&postgres, &served, &client];
    let window = Window::wait(pace, &parts);
    tokio::pin!(window);
    let mut invoked = Vec::new();
    loop {
        let event = event(invoked.len());
        let started = Instant::now();
        tokio::select! {
            window = &mut window => return window?.measured(&invoked),
            answer = function.invoke(event) => succeeded(&answer?)?,
        }
        invoked.push((SystemTime::now(), started.elapsed()));
    }
}

fn add(section: &mut Section, route: &Route, ours: &Measured, limit: &Measured) {
    let what = format!("{}, warm function", route.name);
    let rate = |measured: &Measured| format!("{}/s", count(measured.per_second));
    let throughput = ours.per_second / limit.per_second;
    section.verdicts.push(Verdict::new(what, rate(ours), rate(limit), throughput, Reach::AtLeast(0.9)));
    section.rows.push(vec![
        route.name.to_owned(),
        count(ours.per_second),
        count(limit.per_second),
        milliseconds(ours.p99),
        milliseconds(limit.p99),
        microseconds(ours.cpu[1]),
        microseconds(limit.cpu[1]),
        microseconds(ours.cpu[0]),
        microseconds(limit.cpu[0]),
    ]);
}
