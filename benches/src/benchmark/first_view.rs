//! First views of case reviews, compared with later views: the cost of recording exposures.

use std::sync::Arc;

use super::serve;
use crate::load::{self, Requests};
use crate::measured::{Measured, Parts};
use crate::report::{Reach, Section, Verdict, count, microseconds, milliseconds, ratio};
use crate::route::Route;
use crate::study::Assignment;
use crate::{Bench, Failure, process};

const COLUMNS: [&str; 6] =
    ["view", "requests/s", "p50, ms", "p99, ms", "CPU of PostgreSQL, µs", "CPU of the server, µs"];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let study = bench.study()?;
    let server = serve(bench, study).await?;
    let route = Route::of_function("case-reviews").ok_or("there is no case review")?;
    let first = requests(route, study.unanswered.clone());
    let later = requests(route, study.read.clone());
    let own = std::process::id();
    let (database_cpu, server_cpu, client_cpu) = (|| study.database.cpu(), || server.cpu(), || process::cpu(own));
    let parts: Parts<'_> = [&database_cpu, &server_cpu, &client_cpu];
    let (mut of_first, mut of_later) = (Vec::new(), Vec::new());
    for _ in 0..bench.pace.rounds {
        of_first.push(load::measure(server.port, 1, &first, &bench.pace, &parts).await?);
        of_later.push(load::measure(server.port, 1, &later, &bench.pace, &parts).await?);
        study.reset().await?;
    }
    server.stop().await?;
    Ok(section(&Measured::median(&of_first), &Measured::median(&of_later)))
}

/// Requests each assignment once, until none is left.
fn requests(route: &'static Route, assignments: Vec<Assignment>) -> Requests {
    Arc::new(move |_, n| route.request(&assignments[n % assignments.len()]))
}

fn section(first: &Measured, later: &Measured) -> Section {
    let mut section = Section::new("First view of a page by one client, compared with later views", &COLUMNS);
    for (name, measured) in [("first", first), ("later", later)] {
        let [postgres, server, _] = measured.cpu.map(microseconds);
        let (p50, p99) = (milliseconds(measured.p50), milliseconds(measured.p99));
        section.rows.push(vec![name.to_owned(), count(measured.per_second), p50, p99, postgres, server]);
    }
    let words = |measured: &Measured| format!("{} ms", milliseconds(measured.p50));
    // two statements instead of one, and the second one writes
    let slower = ratio(first.p50, later.p50);
    section.verdicts.push(Verdict::new("first view of a page", words(first), words(later), slower, Reach::AtMost(2.5)));
    section
}
