//! What clients have seen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A request, from its first byte to the last of its answer.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub began: Instant,
    pub took: Duration,
    /// None where the connection failed: somebody between has to turn that into an answer.
    pub status: Option<u16>,
}

impl Attempt {
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    fn ended(&self) -> Instant {
        self.began + self.took
    }
}

/// When something was broken, and until when that may be felt.
#[derive(Clone, Debug)]
pub struct Fault {
    pub name: &'static str,
    pub began: Instant,
    pub ended: Instant,
    /// Whether somebody is sure to feel it: if nobody did, nothing was broken.
    pub bites: bool,
}

impl Fault {
    fn explains(&self, attempt: &Attempt) -> bool {
        attempt.began < self.ended && attempt.ended() > self.began
    }
}

/// How often each status was seen.
pub fn statuses<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for attempt in attempts {
        *statuses.entry(attempt.status.unwrap_or_default()).or_default() += 1;
    }
    statuses
}

/// The slowest of so many hundredths of them.
pub fn percentile(attempts: &[Attempt], hundredths: usize) -> Duration {
    let mut took: Vec<Duration> = attempts.iter().map(|attempt| attempt.took).collect();
    took.sort_unstable();
    took.get((took.len() * hundredths / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Every failure is a 5xx within five seconds, while something was broken.
pub fn assert_clean(attempts: &[Attempt], faults: &[Fault]) {
    let failures: Vec<&Attempt> = attempts.iter().filter(|attempt| !attempt.succeeded()).collect();
    for fault in faults {
        let explained: Vec<_> = failures.iter().copied().filter(|attempt| fault.explains(attempt)).collect();
        let longest = explained.iter().map(|attempt| attempt.took).max().unwrap_or_default();
        let felt = explained.iter().map(|attempt| attempt.ended()).max().map(|last| last - fault.began);
        println!(
            "  {:34} {:?}, longest {longest:.2?}, felt for {:.2?}",
            fault.name,
            statuses(explained),
            felt.unwrap_or_default()
        );
        assert!(felt.is_some() || !fault.bites, "{}: nobody has felt it", fault.name);
    }
    for failure in failures {
        let is_clean = failure.status.is_some_and(|status| status >= 500) && failure.took < Duration::from_secs(5);
        assert!(is_clean, "not a clean error: {failure:?}");
        let after = faults.iter().rfind(|fault| fault.began <= failure.began);
        let explained = faults.iter().any(|fault| fault.explains(failure));
        let since = after.map(|fault| (fault.name, failure.began - fault.ended));
        assert!(explained, "nothing was broken: {failure:?}, after {since:?}");
    }
}
