//! The benchmarks, one module each.

mod as_lambda;
mod cold_start;
mod export;
mod first_view;
mod fleet;
mod functions;
mod growth;
mod login;
mod memory;
mod pooler;
mod server;
mod upload;

use std::sync::Arc;

use sqlx::Executor as _;

use crate::arguments::Benchmark;
use crate::http_client::HttpClient;
use crate::load::Requests;
use crate::report::Section;
use crate::route::Route;
use crate::server::ServerProcess;
use crate::study::{Assignment, Study};
use crate::{Bench, Failure, cores, statement};

/// Runs a benchmark.
pub async fn run(benchmark: Benchmark, bench: &Bench) -> Result<Section, Failure> {
    let (database, all) = (&bench.study()?.database, cores::available()?);
    if waits_for_postgres(benchmark) {
        cores::separate(database)?;
    }
    let section = measure(benchmark, bench).await;
    cores::share(database, &all)?;
    section
}

/// Returns whether PostgreSQL gets its own core (decision 42). In other benchmarks it has little to do, or all processes share all cores.
fn waits_for_postgres(benchmark: Benchmark) -> bool {
    matches!(
        benchmark,
        Benchmark::Server
            | Benchmark::FirstView
            | Benchmark::Functions
            | Benchmark::ColdStart
            | Benchmark::AsLambda
            | Benchmark::Growth
    )
}

async fn measure(benchmark: Benchmark, bench: &Bench) -> Result<Section, Failure> {
    match benchmark {
        Benchmark::Server => server::run(bench).await,
        Benchmark::FirstView => first_view::run(bench).await,
        Benchmark::Functions => functions::run(bench).await,
        Benchmark::ColdStart => cold_start::run(bench).await,
        Benchmark::AsLambda => as_lambda::run(bench).await,
        Benchmark::Memory => memory::run(bench).await,
        Benchmark::Login => login::run(bench).await,
        Benchmark::Growth => growth::run(bench).await,
        Benchmark::Export => export::run(bench).await,
        Benchmark::Upload => upload::run(bench).await,
        Benchmark::Pooler => pooler::run(bench).await,
        Benchmark::Fleet => fleet::run(bench).await,
    }
}

/// Shows each page that is read later, so that later views are measured, as most views are.
pub async fn view_pages(bench: &Bench, study: &Study) -> Result<(), Failure> {
    let server = serve(bench, study).await?;
    let route = Route::of_function("case-reviews").ok_or("there is no case review")?;
    let mut client = HttpClient::connect(server.port).await?;
    for assignment in &study.read {
        client.ask(&route.request(assignment)).await?;
    }
    server.stop().await?;
    let vacuum = "VACUUM (FREEZE, ANALYZE) exposure, shown_page";
    study.database.connect().await?.execute(vacuum).await?;
    Ok(())
}

/// Starts the server over a study.
async fn serve(bench: &Bench, study: &Study) -> Result<ServerProcess, Failure> {
    ServerProcess::start(bench.binary("augmed-server")?, &study.database).await
}

/// Returns requests for so many clients: reads use any assignment, writes use each assignment once.
fn requests(route: &'static Route, study: &Study, clients: usize) -> Requests {
    let assignments = assignments(route, study).to_vec();
    Arc::new(move |client, n| {
        let place = if route.writes { client * assignments.len() / clients + n } else { client * 7919 + n * 104_729 };
        route.request(&assignments[place % assignments.len()])
    })
}

fn assignments<'a>(route: &Route, study: &'a Study) -> &'a [Assignment] {
    if route.writes { &study.unanswered } else { &study.read }
}

/// Returns a route's statement as the server sends it.
async fn statement_of(route: &Route, study: &Study, server: &ServerProcess) -> Result<String, Failure> {
    HttpClient::connect(server.port).await?.ask(&route.request(&assignments(route, study)[0])).await?;
    let statement = statement::last(&mut study.database.connect().await?, route.mark).await?;
    study.reset().await?;
    Ok(statement)
}
