//! `cargo bench-all`: builds the programs, generates the studies, measures each figure and its reference in the same run, and writes
//! docs/performance.md.

mod arguments;
mod bench;
mod benchmark;
mod cores;
mod failure;
mod function;
mod http_client;
mod load;
mod machine;
mod measured;
mod pgbench;
mod postgres;
mod process;
mod report;
mod route;
mod server;
mod statement;
mod study;
mod workspace;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser as _;
use local::build::{self, Paths};
use tokio::signal::unix::{SignalKind, signal};

use arguments::Arguments;
use bench::Bench;
use failure::Failure;
use machine::Machine;
use postgres::Cluster;
use report::{Report, Section};
use study::Study;
use workspace::{functions, repository};

/// Longer than any benchmark takes.
const LONGEST: Duration = Duration::from_mins(12);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether everything could be measured, not whether every target was reached.
async fn run(arguments: Arguments) -> Result<bool, Failure> {
    let started = Instant::now();
    print_plan(&arguments);
    let binaries = binaries(&arguments)?;
    say(started, "built");
    let cluster = Cluster::start("", &[]).await?;
    let mut bench = Bench { cluster, studies: Vec::new(), binaries, pace: arguments.pace() };
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let report = tokio::select! {
        report = measure(&mut bench, &arguments, started) => report,
        _ = interrupt.recv() => Err("interrupted".into()),
        _ = terminate.recv() => Err("terminated".into()),
    };
    let Bench { cluster, .. } = bench;
    cluster.remove().await?;
    let report = report?;
    println!("{report}");
    if arguments.is_for_the_document() {
        report.write(&repository().join("docs"))?;
    }
    say(started, "done");
    Ok(report.is_complete())
}

/// Builds the server, every function, and the programs to compare with.
fn binaries(arguments: &Arguments) -> Result<Paths, Failure> {
    let names = ["augmed-server", "bare-hello", "bare-query"].map(str::to_owned).into_iter().chain(functions()?);
    if let Some(directory) = &arguments.binaries {
        return Ok(names.map(|name| (name.clone(), directory.join(name))).collect());
    }
    let names: Vec<_> = names.collect();
    let selected = ["--profile", &arguments.profile].into_iter();
    Ok(build::binaries_of(repository(), selected.chain(names.iter().flat_map(|name| ["--bin", name])))?)
}

async fn measure(bench: &mut Bench, arguments: &Arguments, started: Instant) -> Result<Report, Failure> {
    for patients in arguments.sizes() {
        bench.studies.push(Study::generate(&bench.cluster, patients).await?);
        let study = bench.studies.last().ok_or("there is no study")?;
        benchmark::view_pages(bench, study).await?;
        say(started, &format!("a study of {patients} patients"));
    }
    let machine = Machine::describe(bench.cluster.version().await?)?;
    let mut sections = Vec::new();
    for benchmark in arguments.benchmarks() {
        let measured = tokio::time::timeout(LONGEST, benchmark::run(benchmark, bench)).await;
        // a benchmark that fails does not stop the others
        let section = match measured.unwrap_or_else(|_| Err(format!("not done within {LONGEST:?}").into())) {
            Ok(section) => section,
            Err(error) => Section::failed(&benchmark.name(), &error.to_string()),
        };
        say(started, &format!("{}\n{section}", benchmark.name()));
        sections.push(section);
    }
    let patients = arguments.sizes();
    Ok(Report { machine, patients, minutes: started.elapsed().as_secs() / 60, sections })
}

fn print_plan(arguments: &Arguments) {
    let names: Vec<_> = arguments.benchmarks().iter().map(|benchmark| benchmark.name()).collect();
    let sizes: Vec<_> = arguments.sizes().iter().map(u32::to_string).collect();
    let minutes =
        if arguments.quick { "about 2 minutes" } else { "about 20 minutes, 5 more for each million patients" };
    println!(
        "Plan: build ({}), studies of {} patients, then {}: {minutes} after the build.",
        arguments.profile,
        sizes.join(" and "),
        names.join(", ")
    );
}

fn say(started: Instant, what: &str) {
    let seconds = started.elapsed().as_secs();
    println!("[{:2}:{:02}] {what}", seconds / 60, seconds % 60);
}
