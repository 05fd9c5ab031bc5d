//! Cold starts under Lambda's conditions: secrets from Parameter Store, a database behind TLS, and, after the first request for an event,
//! only the CPU share that the function's memory setting buys.

mod aws_environment;
mod cpu_share;

use std::time::Duration;

use hyper::body::Bytes;

use super::assignments;
use crate::function::{FunctionProcess, succeeded};
use crate::measured::median;
use crate::report::{Section, milliseconds};
use crate::route::{ROUTES, Route};
use crate::{Bench, Failure};

use aws_environment::AwsEnvironment;
use cpu_share::CpuShare;

/// Megabytes, and the thousandths of a processor that they buy (1,769 MB buy one: AWS Lambda Developer Guide, "Configure function memory").
const SIZES: [(u32, u32); 4] = [(128, 72), (256, 145), (512, 290), (1024, 580)];

/// Invocations after the first.
const WARM: usize = 10;

/// Price of a GB-second of arm64 in us-east-1, in dollars. Lambda also bills the time before the first event.
const GB_SECOND: f64 = 0.000_013_333_4;

const COLUMNS: [&str; 7] = [
    "function",
    "memory, MB",
    "to first next, ms",
    "to first answer, ms",
    "warm answer, ms",
    "a million cold starts, $",
    "a million warm answers, $",
];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Cold starts as Lambda delivers them", &COLUMNS);
    let aws_environment = AwsEnvironment::of(&bench.study()?.database).await?;
    for route in &ROUTES {
        for size in SIZES {
            match measure(bench, route, size.1, &aws_environment).await {
                Ok(took) => section.rows.push(row(route, size.0, &took)),
                Err(error) => section.fail(&format!("{}, {} MB", route.name, size.0), &error),
            }
        }
    }
    Ok(section)
}

/// Durations of a start, or their medians.
struct Took {
    to_next: Duration,
    to_answer: Duration,
    warm: Duration,
}

async fn measure(
    bench: &Bench,
    route: &Route,
    thousandths: u32,
    aws_environment: &AwsEnvironment,
) -> Result<Took, Failure> {
    let study = bench.study()?;
    let share = CpuShare::of_thousandths(thousandths)?;
    let mut all = Vec::new();
    for n in 0..bench.pace.starts {
        let assignments = assignments(route, study);
        let event = |m: usize| Bytes::from(route.event(&assignments[n * (WARM + 1) + m]).to_string());
        let mut function = FunctionProcess::start(bench.binary(route.function)?, &aws_environment.environment).await?;
        let to_next = function.ready().await?;
        share.limit(function.pid)?;
        let before = function.age();
        succeeded(&function.invoke(event(0)).await?)?;
        let to_answer = to_next + function.age().saturating_sub(before);
        let mut warm = Vec::new();
        for m in 1..=WARM {
            let before = function.age();
            succeeded(&function.invoke(event(m)).await?)?;
            warm.push(function.age().saturating_sub(before));
        }
        function.end().await?;
        all.push(Took { to_next, to_answer, warm: median(warm).unwrap_or_default() });
    }
    study.reset().await?;
    let of = |figure: fn(&Took) -> Duration| median(all.iter().map(figure)).ok_or("there were no starts");
    Ok(Took { to_next: of(|took| took.to_next)?, to_answer: of(|took| took.to_answer)?, warm: of(|took| took.warm)? })
}

fn row(route: &Route, megabytes: u32, took: &Took) -> Vec<String> {
    let dollars = |time: Duration| {
        // billed by the millisecond, rounded up
        let seconds = (time.as_secs_f64() * 1000.0).ceil() / 1000.0;
        format!("{:.2}", seconds * f64::from(megabytes) / 1024.0 * GB_SECOND * 1_000_000.0)
    };
    vec![
        route.name.to_owned(),
        megabytes.to_string(),
        milliseconds(took.to_next),
        milliseconds(took.to_answer),
        milliseconds(took.warm),
        dollars(took.to_answer),
        dollars(took.warm),
    ]
}
