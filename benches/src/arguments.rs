//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures the API, each figure against a reference measured in the same run.
///
/// Prints tables, and after a full run writes docs/performance.md and its plot.
#[derive(Debug, Parser)]
#[command(name = "cargo bench-all")]
pub struct Arguments {
    /// Runs only this benchmark; may be repeated. Writes no document.
    #[arg(long, value_enum, value_name = "NAME")]
    pub only: Vec<Benchmark>,

    /// Numbers of patients of the studies. `growth` compares all of them; everything else uses the first.
    #[arg(long, value_delimiter = ',', value_name = "N", default_value = "20000,200000", value_parser = clap::value_parser!(u32).range(500..))]
    pub patients: Vec<u32>,

    /// Measures briefly on a small study, to check that everything works. Writes no document.
    #[arg(long)]
    pub quick: bool,

    /// Build profile of the measured programs. `dev` is for work on the benchmarks themselves, and writes no document.
    #[arg(long, default_value = "release")]
    pub profile: String,

    /// Measures the binaries in this directory instead of building them. Writes no document.
    #[arg(long, value_name = "DIRECTORY")]
    pub binaries: Option<PathBuf>,
}

/// The benchmarks, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Benchmark {
    /// Requests to the server, compared with their statements in pgbench
    Server,
    /// First views of case reviews, compared with later views
    FirstView,
    /// Requests to one warm function, compared with a bare function with the same statement
    Functions,
    /// Start of every function, compared with a bare function
    ColdStart,
    /// Cold starts with secrets from Parameter Store, TLS, and the CPU share that the memory setting buys; requires root
    AsLambda,
    /// Memory of functions after many requests, compared with a bare function
    Memory,
    /// Logins, compared with scrypt alone
    Login,
    /// Requests on studies of different sizes
    Growth,
    /// Export of answers, compared with COPY of the same query
    Export,
    /// Requests to one warm function behind PgBouncer, compared with the same without it
    Pooler,
    /// A thousand concurrent function processes behind PgBouncer, compared with the container
    Fleet,
    /// Upload of assignments, compared with COPY of its rows. The last one, because it replaces the assignments of the study
    Upload,
}

impl Benchmark {
    /// Returns the benchmark's name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Arguments {
    /// Returns the benchmarks to run.
    pub fn benchmarks(&self) -> Vec<Benchmark> {
        let is_wanted = |benchmark: &Benchmark| self.only.is_empty() || self.only.contains(benchmark);
        Benchmark::value_variants().iter().copied().filter(is_wanted).collect()
    }

    /// Returns the number of patients of each study, smallest first.
    pub fn sizes(&self) -> Vec<u32> {
        let mut sizes = if self.quick { vec![1_000, 5_000] } else { self.patients.clone() };
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Returns whether the results belong in the document.
    pub fn is_for_the_document(&self) -> bool {
        self.only.is_empty() && !self.quick && self.profile == "release" && self.binaries.is_none()
    }

    /// Returns durations and counts of the measurements.
    pub fn pace(&self) -> Pace {
        if self.quick { Pace::QUICK } else { Pace::FULL }
    }
}

/// Durations and counts of the measurements.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Time before a measurement counts.
    pub warm_up: Duration,
    /// Time that counts.
    pub window: Duration,
    /// How often a measurement and its reference alternate; the median counts.
    pub rounds: usize,
    /// Cold starts of each function.
    pub starts: usize,
    /// Requests before memory is measured.
    pub requests: usize,
    /// Number of answers to export.
    pub answers: u32,
    /// Number of rows to upload.
    pub rows: u32,
    /// Number of function processes, and of participants who use them.
    pub fleet: usize,
    /// How long the participants send requests.
    pub fleet_busy: Duration,
}

impl Pace {
    /// Extends the warm-up for this many clients: each prepares its statements, and PostgreSQL plans the first five executions of each.
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
    fn sizes_are_sorted_and_unique() {
        let arguments = Arguments::parse_from(["cargo bench-all", "--patients", "2000,1000,2000"]);

        assert_eq!(arguments.sizes(), [1000, 2000]);
    }

    #[test]
    fn a_partial_run_writes_no_document() {
        assert!(Arguments::parse_from(["cargo bench-all"]).is_for_the_document());
        assert!(!Arguments::parse_from(["cargo bench-all", "--only", "cold-start"]).is_for_the_document());
    }
}
