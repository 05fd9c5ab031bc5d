//! Requests on studies of different size, one after the other.

use super::{requests, serve};
use crate::measured::Measured;
use crate::report::{Reach, Section, Verdict, count, microseconds, ratio};
use crate::route::ROUTES;
use crate::{Bench, Failure, load, process};

const COLUMNS: [&str; 5] =
    ["route", "patients", "mean of one client, µs", "CPU of PostgreSQL, µs", "CPU of the server, µs"];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Growth", &COLUMNS);
    let mut servers = Vec::new();
    for study in &bench.studies {
        servers.push(serve(bench, study).await?);
    }
    let own = std::process::id();
    for route in &ROUTES {
        let mut rounds = vec![Vec::new(); servers.len()];
        for _ in 0..bench.pace.rounds {
            for ((study, server), rounds) in bench.studies.iter().zip(&servers).zip(&mut rounds) {
                let (database_cpu, server_cpu, client_cpu) =
                    (|| study.database.cpu(), || server.cpu(), || process::cpu(own));
                let requests = requests(route, study, 1);
                rounds.push(
                    load::measure(server.port, 1, &requests, &bench.pace, &[&database_cpu, &server_cpu, &client_cpu])
                        .await?,
                );
                study.reset().await?;
            }
        }
        let medians: Vec<_> = rounds.iter().map(|rounds| Measured::median(rounds)).collect();
        for (study, measured) in bench.studies.iter().zip(&medians) {
            let [postgres, served, _] = measured.cpu.map(microseconds);
            let patients = count(study.patients.into());
            section.rows.push(vec![route.name.into(), patients, microseconds(measured.mean), postgres, served]);
        }
        if let ([first, .., last], Some(largest)) = (medians.as_slice(), bench.studies.last()) {
            let what = format!("{} of {} patients", route.name, count(largest.patients.into()));
            let words = |measured: &Measured| format!("{} µs", microseconds(measured.mean));
            let cost = ratio(last.mean, first.mean);
            section.verdicts.push(Verdict::new(what, words(last), words(first), cost, Reach::AtMost(1.2)));
        }
    }
    for server in servers {
        server.stop().await?;
    }
    Ok(section)
}
