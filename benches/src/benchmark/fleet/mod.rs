//! A fleet of function processes that all start at once and then serve participants: through PgBouncer to a small PostgreSQL, compared
//! with the container on the same database, and without the pooler.

mod participants;
mod peak;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use local::lambda::Settings;
use local::load_balancer::{LoadBalancer, Options};
use local::pgbouncer::{self, PgBouncer};
use local::template::Template;

use crate::postgres::{Cluster, Database};
use crate::report::{Reach, Section, Verdict, count, milliseconds};
use crate::server::{ServerProcess, environment};
use crate::study::Study;
use crate::{Bench, Failure, repository};
use participants::{Observed, Participants, REVIEW};
use peak::Peak;

/// Connections between pooler and database.
const POOLED: usize = 40;

/// Settings of the small PostgreSQL.
const SMALL: [(&str, &str); 1] = [("max_connections", "100")];

/// Enough assignments for every participant.
const PATIENTS: u32 = 2_000;

/// How long participants may still be refused after a burst without a pooler.
const RECOVERY: Duration = Duration::from_secs(30);

const COLUMNS: [&str; 8] = [
    "",
    "requests/s",
    "first answer p50, ms",
    "first answer p99, ms",
    "p99 after it, ms",
    "refused (503 with Retry-After)",
    "failed",
    "connections at most",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let cluster = Cluster::start("-fleet", &SMALL).await?;
    let section = measure(bench, &cluster).await;
    cluster.remove().await?;
    section
}

async fn measure(bench: &Bench, cluster: &Cluster) -> Result<Section, Failure> {
    let (processes, busy) = (bench.pace.fleet, bench.pace.fleet_busy);
    let study = Study::generate(cluster, PATIENTS).await?;
    let mut section =
        Section::new(&format!("{} function processes that start at once", count(number(processes))), &COLUMNS);

    let bouncer = PgBouncer::start(&study.database.url, POOLED, "").await?;
    let pooled = study.database.at(pgbouncer::through(bouncer.address(), &study.database.url)?);
    let fleet = fleet(bench, &pooled, processes).await?;
    let through_pooler = observe(&study, processes, fleet.address().port(), busy).await?;
    fleet.stop().await;
    // the container needs the connections of the pool
    drop(bouncer);
    study.reset().await?;

    let server = ServerProcess::start(bench.binary("augmed-server")?, &study.database).await?;
    let container = observe(&study, processes, server.port, busy).await?;
    server.stop().await?;
    study.reset().await?;

    let fleet = self::fleet(bench, &study.database, processes).await?;
    let direct = observe(&study, processes, fleet.address().port(), Duration::ZERO).await?;
    let recovered = participants::recovered_after(&Participants::of(&study, 8), fleet.address().port(), RECOVERY).await;
    fleet.stop().await;
    study.reset().await?;

    for (what, observed) in [
        ("through PgBouncer", &through_pooler),
        ("the container", &container),
        ("without a pooler, burst alone", &direct),
    ] {
        section.rows.push(row(what, observed));
    }
    section.verdicts.extend(verdicts(&through_pooler, &container, &direct));
    match recovered {
        Some(after) => section
            .rows
            .push(vec![format!("eight participants are all served {:.1} s after that burst", after.as_secs_f64())]),
        None => section.fail("recovery", &format!("participants were still refused after {RECOVERY:?}").into()),
    }
    Ok(section)
}

/// Starts the functions of a review, each with an equal share of the processes.
async fn fleet(bench: &Bench, database: &Database, processes: usize) -> Result<LoadBalancer, Failure> {
    let mut template = Template::read(&repository().join("template.yaml"), &BTreeMap::new())?;
    for function in &mut template.functions {
        function.reserved_concurrency = None;
    }
    let mut binaries = HashMap::new();
    for route in REVIEW {
        binaries.insert(route.function.to_owned(), bench.binary(route.function)?.to_owned());
    }
    let settings = Settings {
        environment: environment(database).map(|(name, value)| (name.to_owned(), value)).into(),
        max_processes: processes / REVIEW.len(),
        log: Arc::new(|_, _| {}),
        ..Settings::default()
    };
    Ok(LoadBalancer::start(Options { template, binaries, settings, ..Options::default() }).await?)
}

/// Measures the observations of participants who all start at once and continue for `busy`.
async fn observe(study: &Study, participants: usize, port: u16, busy: Duration) -> Result<(Observed, usize), Failure> {
    let peak = Peak::watch(&study.database).await?;
    let observed = participants::work(&Participants::of(study, participants), port, busy).await?;
    Ok((observed, peak.end().await?))
}

fn number(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

fn row(what: &str, (observed, connections): &(Observed, usize)) -> Vec<String> {
    vec![
        what.to_owned(),
        count(observed.per_second),
        milliseconds(observed.first.p50()),
        milliseconds(observed.first.p99()),
        milliseconds(observed.later.p99()),
        observed.refused.to_string(),
        observed.failed.to_string(),
        connections.to_string(),
    ]
}

fn verdicts(
    through_pooler: &(Observed, usize),
    container: &(Observed, usize),
    direct: &(Observed, usize),
) -> [Verdict; 4] {
    let (fleet, connections) = through_pooler;
    let asked = fleet.answered + fleet.refused + fleet.failed;
    let share = number(fleet.answered) / number(asked);
    let rate = |observed: &Observed| format!("{}/s", count(observed.per_second));
    let is_clean = direct.0.failed == 0 && direct.0.refused > 0;
    [
        Verdict::new(
            "fleet through PgBouncer, requests answered",
            count(number(fleet.answered)),
            count(number(asked)),
            share,
            Reach::AtLeast(1.0),
        ),
        Verdict::new(
            "fleet through PgBouncer, connections",
            connections.to_string(),
            format!("{POOLED} of the pool"),
            number(*connections) / number(POOLED),
            Reach::AtMost(1.0),
        ),
        Verdict::new(
            "fleet through PgBouncer, throughput",
            rate(fleet),
            format!("{}, the container", rate(&container.0)),
            fleet.per_second / container.0.per_second,
            Reach::AtLeast(0.2),
        ),
        Verdict::new(
            "fleet without a pooler, burst refused cleanly",
            format!("{} refused", direct.0.refused),
            format!("{} failed", direct.0.failed),
            if is_clean { 1.0 } else { 0.0 },
            Reach::AtLeast(1.0),
        ),
    ]
}
