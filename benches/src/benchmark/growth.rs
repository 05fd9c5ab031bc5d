//! The same work on studies of different sizes.

use std::time::Duration;

use super::{export, requests, serve};
use crate::measured::median;
use crate::report::{Reach, Section, Verdict, count, microseconds, ratio};
use crate::route::{ROUTES, Route};
use crate::server::ServerProcess;
use crate::study::Study;
use crate::{Bench, Failure, load, process};

const COLUMNS: [&str; 5] =
    ["work", "patients", "mean of one client, µs", "CPU of PostgreSQL, µs", "CPU of the server, µs"];

/// Work to measure on each study.
enum Work {
    Requests(&'static Route),
    ExportPage,
}

/// Cost of the work: time, CPU time of PostgreSQL, CPU time of the server.
type Cost = [Duration; 3];

/// A study and its server.
struct Served<'a> {
    study: &'a Study,
    server: ServerProcess,
}

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Growth", &COLUMNS);
    let mut all = Vec::new();
    for study in &bench.studies {
        all.push(Served { study, server: serve(bench, study).await? });
    }
    for work in ROUTES.iter().map(Work::Requests).chain([Work::ExportPage]) {
        let mut rounds = vec![Vec::new(); all.len()];
        for _ in 0..bench.pace.rounds {
            for (served, rounds) in all.iter().zip(&mut rounds) {
                rounds.push(served.cost(&work, bench).await?);
            }
        }
        add(&mut section, work.name(), bench, &rounds);
    }
    for Served { server, .. } in all {
        server.stop().await?;
    }
    Ok(section)
}

fn add(section: &mut Section, work: &str, bench: &Bench, rounds: &[Vec<Cost>]) {
    let part = |rounds: &[Cost], part: usize| median(rounds.iter().map(|cost| cost[part])).unwrap_or_default();
    for (study, rounds) in bench.studies.iter().zip(rounds) {
        let parts = [0, 1, 2].map(|number| microseconds(part(rounds, number)));
        section.rows.push([work.to_owned(), count(study.patients.into())].into_iter().chain(parts).collect());
    }
    if let ([first, .., last], Some(largest)) = (rounds, bench.studies.last()) {
        let what = format!("{work}, {} patients", count(largest.patients.into()));
        let [last, first] = [last, first].map(|rounds| part(rounds, 0));
        let words = |time| format!("{} µs", microseconds(time));
        section.verdicts.push(Verdict::new(what, words(last), words(first), ratio(last, first), Reach::AtMost(1.2)));
    }
}

impl Work {
    fn name(&self) -> &'static str {
        match self {
            Self::Requests(route) => route.name,
            Self::ExportPage => "a page of the export",
        }
    }
}

impl Served<'_> {
    async fn cost(&self, work: &Work, bench: &Bench) -> Result<Cost, Failure> {
        match work {
            Work::Requests(route) => self.requests(route, bench).await,
            Work::ExportPage => self.export_page().await,
        }
    }

    async fn requests(&self, route: &'static Route, bench: &Bench) -> Result<Cost, Failure> {
        let own = std::process::id();
        let (database_cpu, server_cpu, client_cpu) =
            (|| self.study.database.cpu(), || self.server.cpu(), || process::cpu(own));
        let parts: [&(dyn Fn() -> _ + Send + Sync); 3] = [&database_cpu, &server_cpu, &client_cpu];
        let requests = requests(route, self.study, 1);
        let measured = load::measure(self.server.port, 1, &requests, &bench.pace, &parts).await?;
        self.study.reset().await?;
        let [postgres, served, _] = measured.cpu;
        Ok([measured.mean, postgres, served])
    }

    async fn export_page(&self) -> Result<Cost, Failure> {
        let cpu = || Ok::<_, Failure>([self.study.database.cpu()?, self.server.cpu()?]);
        let [postgres, served] = cpu()?;
        let time = export::first_page(&self.server).await?;
        let [postgres_after, served_after] = cpu()?;
        Ok([time, postgres_after.saturating_sub(postgres), served_after.saturating_sub(served)])
    }
}
