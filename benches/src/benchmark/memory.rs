//! Memory of functions after many requests, compared with a bare function.

use hyper::body::Bytes;

use super::assignments;
use super::cold_start::{Start, starts};
use crate::function::FunctionProcess;
use crate::process::{Memory, memory};
use crate::report::{Reach, Section, Verdict, megabytes};
use crate::route::ROUTES;
use crate::{Bench, Failure};

const COLUMNS: [&str; 5] = [
    "function",
    "RSS at first, MB",
    "RSS after the requests, MB",
    "PSS after the requests, MB",
    "written to of it, MB",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Memory after 1,000 requests", &COLUMNS);
    let mut hello = None;
    for start in starts(bench).await? {
        let used = match after_requests(bench, &start).await {
            Ok(used) => used,
            Err(error) => {
                section.fail(&start.name, &error);
                continue;
            }
        };
        let [first, last] = used;
        section.rows.push(vec![
            start.name.clone(),
            megabytes(first.resident),
            megabytes(last.resident),
            megabytes(last.proportional),
            megabytes(last.anonymous),
        ]);
        // in Lambda a function shares the C library with no other process, so all of its pages count
        let hello = hello.get_or_insert(last).resident;
        if ROUTES.iter().any(|route| route.function == start.name) || start.name == "healthcheck" {
            let words = |bytes| format!("{} MB", megabytes(bytes));
            #[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
            let ratio = last.resident as f64 / hello as f64;
            let (measured, limit) = (words(last.resident), words(hello));
            let what = format!("memory of {}", start.name);
            section.verdicts.push(Verdict::new(what, measured, limit, ratio, Reach::AtMost(2.0)));
        }
    }
    Ok(section)
}

/// Measures memory after the first and after the last request.
async fn after_requests(bench: &Bench, start: &Start<'_>) -> Result<[Memory; 2], Failure> {
    let study = bench.study()?;
    let route = ROUTES.iter().find(|route| route.function == start.name);
    let mut function = FunctionProcess::start(start.binary, &start.environment).await?;
    function.ready().await?;
    let mut first = None;
    for n in 0..bench.pace.requests {
        let event = route.map_or_else(
            || start.event.clone(),
            |route| Bytes::from(route.event(&assignments(route, study)[n]).to_string()),
        );
        function.invoke(event).await?;
        if first.is_none() {
            first = Some(memory(function.pid)?);
        }
    }
    let last = memory(function.pid)?;
    function.end().await?;
    study.reset().await?;
    Ok([first.unwrap_or(last), last])
}
