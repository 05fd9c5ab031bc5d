//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures the API, each figure beside the limit it is held against, taken in the same run.
///
/// Prints tables, and after a full run writes docs/performance.md and its plot.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-all")]
pub struct Arguments {
    /// Only these; may be repeated. Writes no document.
    #[arg(long, value_enum, value_name = "NAME")]
    pub only: Vec<Benchmark>,

    /// Patients of the studies. Everything is measured on the first; `growth` compares all.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "20000,200000", value_parser = clap::value_parser!(u32).range(500..))]
    pub patients: Vec<u32>,

    /// Short measurements, a small study: to see that everything works. Writes no document.
    #[arg(long)]
    pub quick: bool,

    /// What is measured is built with this profile. `dev` is for work on the benchmarks themselves, and writes no document.
    #[arg(long, default_value = "release")]
    pub profile: String,

    /// Measures the binaries in this directory, and builds none. Writes no document.
    #[arg(long, value_name = "DIRECTORY")]
    pub binaries: Option<PathBuf>,
}

/// What can be measured, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Benchmark {
    /// Requests to the server, beside their statements in pgbench
    Server,
    /// Case reviews that are shown for the first time, beside those that are shown again
    FirstView,
    /// Requests to one warm function, beside a bare function with the same statement
    Functions,
    /// Start of every function, beside a bare one
    ColdStart,
    /// Cold starts with secrets from Parameter Store, TLS, and the share of a processor that memory buys; takes root
    AsLambda,
    /// Memory of functions after many requests, beside a bare one
    Memory,
    /// Logins, beside scrypt alone
    Login,
    /// Requests on studies of different size
    Growth,
    /// Export of answers, beside COPY of the same query
    Export,
    /// Upload of assignments, beside COPY of its rows
    Upload,
    /// Requests to one warm function behind PgBouncer, beside the same without it
    Pooler,
    /// A thousand function processes at once behind PgBouncer, beside the container
    Fleet,
}

impl Benchmark {
    /// Its name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Arguments {
    /// What is measured.
    pub fn benchmarks(&self) -> Vec<Benchmark> {
        let is_wanted = |benchmark: &Benchmark| self.only.is_empty() || self.only.contains(benchmark);
        Benchmark::value_variants().iter().copied().filter(is_wanted).collect()
    }

    /// How many patients each study has, smallest first.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = if self.quick { vec![1_000, 5_000] } else { self.patients.clone() };
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Whether the results are what the document is about.
    pub fn is_for_the_document(&self) -> bool {
        self.only.is_empty() && !self.quick && self.profile == "release" && self.binaries.is_none()
    }

    /// How long and how often.
    pub fn pace(&self) -> Pace {
        if self.quick { Pace::QUICK } else { Pace::FULL }
    }
}

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Before a measurement counts.
    pub warm_up: Duration,
    /// What counts.
    pub window: Duration,
    /// How often a measurement and its limit follow each other; the median counts.
    pub rounds: usize,
    /// Cold starts of each function.
    pub starts: usize,
    /// Requests before memory is read.
    pub requests: usize,
    /// Answers of the export.
    pub answers: u32,
    /// Rows of the upload.
    pub rows: u32,
    /// Function processes, and participants who keep them busy.
    pub fleet: usize,
    /// How long they are busy.
    pub fleet_busy: Duration,
}

impl Pace {
    /// The same for so many clients: each prepares its statements, and PostgreSQL plans the first five executions of each.
    pub fn with_clients(self, clients: usize) -> Self {
        let preparing = Duration::from_millis(30) * u32::try_from(clients).unwrap_or(u32::MAX);
        Self { warm_up: self.warm_up + preparing, ..self }
    }

    const FULL: Self = Self {
        warm_up: Duration::from_millis(700),
        window: Duration::from_millis(1800),
        rounds: 3,
        starts: 25,
        requests: 1000,
        answers: 1_000_000,
        rows: 100_000,
        fleet: 1000,
        fleet_busy: Duration::from_mins(1),
    };
    const QUICK: Self = Self {
        warm_up: Duration::from_millis(200),
        window: Duration::from_millis(500),
        rounds: 1,
        starts: 3,
        requests: 100,
        answers: 20_000,
        rows: 5_000,
        fleet: 100,
        fleet_busy: Duration::from_secs(5),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn studies_grow() {
        let arguments = Arguments::parse_from(["cargo bench-all", "--patients", "2000,1000,2000"]);

        assert_eq!(arguments.sizes(), [1000, 2000]);
    }

    #[test]
    fn a_part_writes_no_document() {
        assert!(Arguments::parse_from(["cargo bench-all"]).is_for_the_document());
        assert!(!Arguments::parse_from(["cargo bench-all", "--only", "cold-start"]).is_for_the_document());
    }
}
