//! The requests that clients sent, and whether injected faults explain the failures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// A request, from its first byte to the last byte of its response.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub began: Instant,
    pub took: Duration,
    /// `None` if the connection failed: the load balancer in between has to turn that into a response.
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

/// An injected fault, and the time within which requests may fail because of it.
#[derive(Clone, Debug)]
pub struct Fault {
    pub name: &'static str,
    pub began: Instant,
    pub ended: Instant,
    /// Whether it must make at least one request fail: otherwise it was not injected.
    pub must_fail_requests: bool,
}

impl Fault {
    fn explains(&self, attempt: &Attempt) -> bool {
        attempt.began < self.ended && attempt.ended() > self.began
    }
}

/// Counts the attempts by status; 0 stands for no response.
pub fn statuses<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for attempt in attempts {
        *statuses.entry(attempt.status.unwrap_or_default()).or_default() += 1;
    }
    statuses
}

/// Returns the duration at this percentile.
pub fn percentile(attempts: &[Attempt], percent: usize) -> Duration {
    let mut took: Vec<Duration> = attempts.iter().map(|attempt| attempt.took).collect();
    took.sort_unstable();
    took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Asserts that every failure is a 5xx within five seconds, during a fault.
pub fn assert_clean(attempts: &[Attempt], faults: &[Fault]) {
    let failures: Vec<&Attempt> = attempts.iter().filter(|attempt| !attempt.succeeded()).collect();
    for fault in faults {
        let explained: Vec<_> = failures.iter().copied().filter(|attempt| fault.explains(attempt)).collect();
        let longest = explained.iter().map(|attempt| attempt.took).max().unwrap_or_default();
        let failing_for = explained.iter().map(|attempt| attempt.ended()).max().map(|last| last - fault.began);
        println!(
            "  {:34} {:?}, longest {longest:.2?}, failures for {:.2?}",
            fault.name,
            statuses(explained),
            failing_for.unwrap_or_default()
        );
        assert!(failing_for.is_some() || !fault.must_fail_requests, "{}: no request failed", fault.name);
    }
    for failure in failures {
        let is_clean = failure.status.is_some_and(|status| status >= 500) && failure.took < Duration::from_secs(5);
        assert!(is_clean, "not a clean error: {failure:?}");
        let after = faults.iter().rfind(|fault| fault.began <= failure.began);
        let explained = faults.iter().any(|fault| fault.explains(failure));
        let since = after.map(|fault| (fault.name, failure.began - fault.ended));
        assert!(explained, "a failure without a fault: {failure:?}, after {since:?}");
    }
}
