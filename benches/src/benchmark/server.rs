//! Requests to the server, compared with their statements in pgbench.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use super::{requests, serve, statement_of};
use crate::http_client::HttpRequest;
use crate::load::Requests;
use crate::measured::Measured;
use crate::report::{Reach, Section, Verdict, count, microseconds, milliseconds, ratio};
use crate::route::{ROUTES, Route};
use crate::server::ServerProcess;
use crate::{Bench, Failure, load, pgbench, process};

const CLIENTS: [usize; 3] = [1, 8, 64];

const COLUMNS: [&str; 12] = [
    "route",
    "clients",
    "requests/s",
    "pgbench/s",
    "p50, ms",
    "p99, ms",
    "p99 of pgbench, ms",
    "CPU of PostgreSQL, µs",
    "of the server",
    "of the clients",
    "of PostgreSQL under pgbench",
    "of pgbench",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let server = serve(bench, bench.study()?).await?;
    let mut section = Section::new("Requests to the server, compared with their statements in pgbench", &COLUMNS);
    for clients in CLIENTS {
        section.rows.push(without_statement(bench, &server, clients).await?);
    }
    for route in &ROUTES {
        for clients in CLIENTS {
            let what = format!("{}, {clients} client{}", route.name, if clients == 1 { "" } else { "s" });
            match compare(bench, &server, route, clients).await {
                Ok((ours, limit)) => add(&mut section, &what, route, clients, &ours, &limit),
                Err(error) => section.fail(&what, &error),
            }
        }
    }
    server.stop().await?;
    Ok(section)
}

/// Measures the health check: the cost of HTTP, log and headers without the database.
async fn without_statement(bench: &Bench, server: &ServerProcess, clients: usize) -> Result<Vec<String>, Failure> {
    let requests: Requests = Arc::new(|_, _| HttpRequest::new(&Method::GET, "/api/healthcheck", &[], ""));
    let own = std::process::id();
    let (nothing, server_cpu, own_cpu) = (|| Ok(Duration::ZERO), || server.cpu(), || process::cpu(own));
    let pace = bench.pace.with_clients(clients);
    let measured = load::measure(server.port, clients, &requests, &pace, &[&nothing, &server_cpu, &own_cpu]).await?;
    let [_, of_server, of_clients] = measured.cpu.map(microseconds);
    let none = String::new;
    Ok(vec![
        "health check".to_owned(),
        clients.to_string(),
        count(measured.per_second),
        none(),
        milliseconds(measured.p50),
        milliseconds(measured.p99),
        none(),
        none(),
        of_server,
        of_clients,
        none(),
        none(),
    ])
}

async fn compare(
    bench: &Bench,
    server: &ServerProcess,
    route: &'static Route,
    clients: usize,
) -> Result<(Measured, Measured), Failure> {
    let study = bench.study()?;
    let script = pgbench::script(route, &statement_of(route, study, server).await?)?;
    let requests = requests(route, study, clients);
    let own = std::process::id();
    let (database_cpu, server_cpu, client_cpu) = (|| study.database.cpu(), || server.cpu(), || process::cpu(own));
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    let pace = bench.pace.with_clients(clients);
    for _ in 0..pace.rounds {
        ours.push(
            load::measure(server.port, clients, &requests, &pace, &[&database_cpu, &server_cpu, &client_cpu]).await?,
        );
        study.reset().await?;
        limit.push(pgbench::measure(&bench.cluster, study, route, &script, clients, &pace).await?);
        study.reset().await?;
    }
    Ok((Measured::median(&ours), Measured::median(&limit)))
}

fn add(section: &mut Section, what: &str, route: &Route, clients: usize, ours: &Measured, limit: &Measured) {
    let rate = |measured: &Measured| format!("{}/s", count(measured.per_second));
    let throughput = ours.per_second / limit.per_second;
    section.verdicts.push(Verdict::new(what, rate(ours), rate(limit), throughput, Reach::AtLeast(0.8)));
    let p99 = |measured: &Measured| format!("{} ms", milliseconds(measured.p99));
    let slower = ratio(ours.p99, limit.p99);
    section.verdicts.push(Verdict::new(format!("{what}, p99"), p99(ours), p99(limit), slower, Reach::AtMost(2.0)));
    let [postgres, served, client] = ours.cpu.map(microseconds);
    let [postgres_of_limit, _, pgbench] = limit.cpu.map(microseconds);
    section.rows.push(vec![
        route.name.to_owned(),
        clients.to_string(),
        count(ours.per_second),
        count(limit.per_second),
        milliseconds(ours.p50),
        milliseconds(ours.p99),
        milliseconds(limit.p99),
        postgres,
        served,
        client,
        postgres_of_limit,
        pgbench,
    ]);
}
