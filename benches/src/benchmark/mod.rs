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
mod setup;
mod upload;

use sqlx::Executor as _;

use crate::arguments::Benchmark;
use crate::http_client::HttpClient;
use crate::report::Section;
use crate::route::Route;
use crate::study::Study;
use crate::{Bench, Failure, cores};
use setup::{assignments, requests, serve, statement_of};

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
