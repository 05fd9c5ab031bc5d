//! Measures the time until each function requests its first event, and until it has answered it, compared with a bare function.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use http::Method;
use hyper::body::Bytes;
use serde_json::Value;

use super::functions::bare_environment;
use super::{assignments, serve, statement_of};
use crate::function::FunctionProcess;
use crate::measured::median;
use crate::report::{Reach, Section, Verdict, megabytes, milliseconds, ratio};
use crate::route::{ROUTES, event};
use crate::server::environment;
use crate::study::Study;
use crate::{Bench, Failure, functions};

const COLUMNS: [&str; 9] = [
    "function",
    "to first next, ms",
    "× hello",
    "CPU, ms",
    "× hello",
    "to first answer, ms",
    "CPU, ms",
    "binary, MB",
    "deflated, MB",
];

/// A binary and its environment.
pub(super) struct Start<'a> {
    pub name: String,
    pub binary: &'a Path,
    pub environment: Vec<(&'static str, String)>,
    pub event: Bytes,
}

/// Durations of a start.
#[derive(Clone, Copy, Debug)]
struct Took {
    to_next: Duration,
    cpu_to_next: Duration,
    to_answer: Duration,
    cpu_to_answer: Duration,
}

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Cold starts, and sizes", &COLUMNS);
    let mut measured: Vec<_> = starts(bench).await?.into_iter().map(|start| (start, Vec::new())).collect();
    for _ in 0..bench.pace.starts {
        let mut failed = Vec::new();
        for (start, took) in &mut measured {
            match start.once().await {
                Ok(once) => took.push(once),
                Err(error) => {
                    section.fail(&start.name, &error);
                    failed.push(start.name.clone());
                }
            }
        }
        measured.retain(|(start, _)| !failed.contains(&start.name));
    }
    let (starts, took): (Vec<_>, Vec<_>) = measured.into_iter().unzip();
    let medians: Vec<_> = took.iter().filter_map(|took| Took::median(took)).collect();
    let hello = medians.first().copied().ok_or("there were no starts")?;
    for (start, took) in starts.iter().zip(&medians) {
        section.rows.push(start.row(took, &hello)?);
    }
    let function = |name: &str| starts.iter().zip(&medians).find(|(start, _)| start.name == name);
    // the first two are the bare functions
    let slowest = starts.iter().zip(&medians).skip(2).max_by_key(|(_, took)| took.to_next);
    for (start, took) in function("healthcheck").into_iter().chain(function("case-reviews")).chain(slowest) {
        section.verdicts.extend(verdicts(&start.name, took, &hello));
    }
    Ok(section)
}

/// Returns the starts of the bare functions, then of those behind the load balancer.
pub(super) async fn starts(bench: &Bench) -> Result<Vec<Start<'_>>, Failure> {
    let study = bench.study()?;
    let server = serve(bench, study).await?;
    let [_, review, ..] = &ROUTES;
    let sql = statement_of(review, study, &server).await?;
    server.stop().await?;
    let bare = |name: &str, environment: Vec<_>, event: &Value| {
        let event = Bytes::from(event.to_string());
        Ok::<_, Failure>(Start { name: name.to_owned(), binary: bench.binary(name)?, environment, event })
    };
    let anything = event(&Method::GET, "/", "Bearer x", "");
    let with_query = bare_environment(study, review, &sql)?.to_vec();
    let mut starts = vec![
        bare("bare-hello", Vec::new(), &anything)?,
        bare("bare-query", with_query, &review.bare_event(&study.read[0]))?,
    ];
    for name in functions()? {
        starts.push(Start {
            binary: bench.binary(&name)?,
            environment: environment(&study.database).to_vec(),
            event: Bytes::from(first_event(&name, study).to_string()),
            name,
        });
    }
    Ok(starts)
}

/// Returns a request for the function's route in [`ROUTES`] or for the health check, or else for an unknown path.
fn first_event(function: &str, study: &Study) -> Value {
    match ROUTES.iter().find(|route| route.function == function) {
        Some(route) => route.event(&assignments(route, study)[0]),
        None if function == "healthcheck" => event(&Method::GET, "/api/healthcheck", "", ""),
        None => event(&Method::GET, "/api/nothing", "", ""),
    }
}

impl Start<'_> {
    async fn once(&self) -> Result<Took, Failure> {
        let mut function = FunctionProcess::start(self.binary, &self.environment).await?;
        let to_next = function.ready().await?;
        let cpu_to_next = function.cpu()?;
        // deliver the event only now, so that reading the CPU time does not count
        let (delivered, before) = (to_next, function.age());
        function.invoke(self.event.clone()).await?;
        let took = Took {
            to_next,
            cpu_to_next,
            to_answer: delivered + function.age().saturating_sub(before),
            cpu_to_answer: function.cpu()?,
        };
        function.end().await?;
        Ok(took)
    }

    fn row(&self, took: &Took, hello: &Took) -> Result<Vec<String>, Failure> {
        Ok(vec![
            self.name.clone(),
            milliseconds(took.to_next),
            format!("{:.2}", ratio(took.to_next, hello.to_next)),
            milliseconds(took.cpu_to_next),
            format!("{:.2}", ratio(took.cpu_to_next, hello.cpu_to_next)),
            milliseconds(took.to_answer),
            milliseconds(took.cpu_to_answer),
            megabytes(fs::metadata(self.binary)?.len()),
            megabytes(deflated(self.binary)?),
        ])
    }
}

impl Took {
    fn median(took: &[Self]) -> Option<Self> {
        let median = |figure: fn(&Self) -> Duration| median(took.iter().map(figure));
        Some(Self {
            to_next: median(|took| took.to_next)?,
            cpu_to_next: median(|took| took.cpu_to_next)?,
            to_answer: median(|took| took.to_answer)?,
            cpu_to_answer: median(|took| took.cpu_to_answer)?,
        })
    }
}

fn verdicts(name: &str, took: &Took, hello: &Took) -> [Verdict; 2] {
    let verdict = |what: String, took, hello| {
        let words = |time| format!("{} ms", milliseconds(time));
        Verdict::new(what, words(took), words(hello), ratio(took, hello), Reach::AtMost(1.3))
    };
    [
        verdict(format!("start of {name}"), took.to_next, hello.to_next),
        verdict(format!("start of {name}, CPU"), took.cpu_to_next, hello.cpu_to_next),
    ]
}

/// Returns the size of a binary in a zip file.
fn deflated(binary: &Path) -> Result<u64, Failure> {
    let mut encoder = DeflateEncoder::new(io::sink(), Compression::default());
    io::copy(&mut File::open(binary)?, &mut encoder)?;
    encoder.try_finish()?;
    Ok(encoder.total_out())
}
