//! Participants who read and answer one case after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::Failure;
use crate::http_client::HttpClient;
use crate::measured::percentile;
use crate::route::{ROUTES, Route};
use crate::study::{Assignment, Study};

/// A participant's requests for each case: the next case, its review, the questions, the answer.
pub const REVIEW: [&Route; 4] = [&ROUTES[0], &ROUTES[1], &ROUTES[2], &ROUTES[3]];

/// The participants, each with unanswered assignments.
pub struct Participants<'a>(Vec<Vec<&'a Assignment>>);

/// Sorted durations of requests.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

/// Observations of all participants together.
#[derive(Default)]
pub struct Observed {
    /// First response of each participant.
    pub first: Latencies,
    pub later: Latencies,
    pub answered: usize,
    /// Responses of 503 with `Retry-After`.
    pub refused: usize,
    /// Other failures.
    pub failed: usize,
    /// Responses after each participant's first one.
    pub per_second: f64,
}

enum Outcome {
    Answered,
    Refused,
    Failed,
}

impl<'a> Participants<'a> {
    pub fn of(study: &'a Study, participants: usize) -> Self {
        let mut by_address = BTreeMap::<&str, Vec<&Assignment>>::new();
        for assignment in &study.unanswered {
            by_address.entry(&assignment.email).or_default().push(assignment);
        }
        Self(by_address.into_values().take(participants).collect())
    }
}

impl Latencies {
    fn new(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self(latencies)
    }

    pub fn p50(&self) -> Duration {
        self.percent(50)
    }

    pub fn p99(&self) -> Duration {
        self.percent(99)
    }

    fn percent(&self, percent: usize) -> Duration {
        if self.0.is_empty() { Duration::ZERO } else { percentile(&self.0, percent) }
    }
}

/// Starts all participants at once, a quarter of them with each request of a review, and lets them continue for `busy`.
pub async fn work(participants: &Participants<'_>, port: u16, busy: Duration) -> Result<Observed, Failure> {
    let began = Instant::now();
    let works = participants.0.iter().enumerate();
    let works = works.map(|(number, assignments)| work_of_one(number, assignments, port, began, busy));
    let (mut first, mut later, mut observed) = (Vec::new(), Vec::new(), Observed::default());
    for asked in join_all(works).await {
        for (n, (outcome, latency)) in asked?.into_iter().enumerate() {
            match outcome {
                Outcome::Answered => {
                    observed.answered += 1;
                    if n == 0 { first.push(latency) } else { later.push(latency) }
                }
                Outcome::Refused => observed.refused += 1,
                Outcome::Failed => observed.failed += 1,
            }
        }
    }
    let from_first = began.elapsed().saturating_sub(first.iter().max().copied().unwrap_or_default());
    observed.per_second = f64::from(u32::try_from(later.len())?) / from_first.as_secs_f64().max(1e-3);
    (observed.first, observed.later) = (Latencies::new(first), Latencies::new(later));
    Ok(observed)
}

async fn work_of_one(
    number: usize,
    assignments: &[&Assignment],
    port: u16,
    began: Instant,
    busy: Duration,
) -> Result<Vec<(Outcome, Duration)>, Failure> {
    let mut client = HttpClient::connect(port).await?;
    let mut asked = Vec::new();
    for step in number % REVIEW.len().. {
        let Some(assignment) = assignments.get(step / REVIEW.len()) else { break };
        if !asked.is_empty() && began.elapsed() > busy {
            break;
        }
        let started = Instant::now();
        let outcome = ask(&mut client, REVIEW[step % REVIEW.len()], assignment).await;
        if matches!(outcome, Outcome::Failed) {
            client = HttpClient::connect(port).await?;
        }
        asked.push((outcome, started.elapsed()));
    }
    Ok(asked)
}

async fn ask(client: &mut HttpClient, route: &Route, assignment: &Assignment) -> Outcome {
    match client.status_of(&route.request(assignment)).await {
        Ok(200) => Outcome::Answered,
        Ok(503) if client.answer_has("retry-after") => Outcome::Refused,
        Ok(_) | Err(_) => Outcome::Failed,
    }
}

/// Returns how long it took until each participant had completed a review without a refusal.
pub async fn recovered_after(participants: &Participants<'_>, port: u16, at_most: Duration) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < at_most {
        let this_round = began.elapsed();
        let reviews = participants.0.iter().map(async |assignments| {
            let mut client = HttpClient::connect(port).await.ok()?;
            for route in &REVIEW[..3] {
                matches!(ask(&mut client, route, assignments[0]).await, Outcome::Answered).then_some(())?;
            }
            Some(())
        });
        if join_all(reviews).await.iter().all(Option::is_some) {
            return Some(this_round);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    None
}
