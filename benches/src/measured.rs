//! Results of a measurement, and their comparison with a reference.

use std::time::{Duration, SystemTime};

use crate::Failure;
use crate::arguments::Pace;

/// Requests, or transactions of pgbench, within the window.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    pub per_second: f64,
    pub mean: Duration,
    pub p50: Duration,
    pub p99: Duration,
    /// CPU time of each part per request, in the order of [`Parts`].
    pub cpu: [Duration; 3],
}

/// CPU time of PostgreSQL, of the serving process (none for pgbench), and of the client.
pub type Parts<'a> = [&'a (dyn Fn() -> Result<Duration, Failure> + Send + Sync); 3];

/// Start and end of a measurement, and the CPU time of each part in between.
pub struct Window {
    begin: SystemTime,
    end: SystemTime,
    cpu: [Duration; 3],
}

/// End and duration of a request.
pub type Request = (SystemTime, Duration);

impl Window {
    /// Waits for the warm-up, then for the window.
    pub async fn wait(pace: &Pace, parts: &Parts<'_>) -> Result<Self, Failure> {
        tokio::time::sleep(pace.warm_up).await;
        let (begin, before) = (SystemTime::now(), snapshot(parts)?);
        tokio::time::sleep(pace.window).await;
        let (end, after) = (SystemTime::now(), snapshot(parts)?);
        let cpu = std::array::from_fn(|part| after[part].saturating_sub(before[part]));
        Ok(Self { begin, end, cpu })
    }

    /// Summarizes those of `requests` that ended within the window.
    pub fn measured(&self, requests: &[Request]) -> Result<Measured, Failure> {
        let within = requests.iter().filter(|(ended, _)| (self.begin..self.end).contains(ended));
        let mut latencies: Vec<_> = within.map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len())?;
        if count == 0 {
            return Err("nothing was answered within the time".into());
        }
        Ok(Measured {
            per_second: f64::from(count) / self.end.duration_since(self.begin)?.as_secs_f64(),
            mean: latencies.iter().sum::<Duration>() / count,
            p50: percentile(&latencies, 50),
            p99: percentile(&latencies, 99),
            cpu: self.cpu.map(|part| part / count),
        })
    }
}

fn snapshot(parts: &Parts<'_>) -> Result<[Duration; 3], Failure> {
    let [postgres, served, client] = parts;
    Ok([postgres()?, served()?, client()?])
}

/// Returns the given percentile. `sorted` is not empty.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

/// Returns the median; for an even number of values, the lower one in the middle.
pub fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values.get(values.len().saturating_sub(1) / 2).copied()
}

impl Measured {
    /// Returns the median of each figure over several rounds.
    pub fn median(rounds: &[Self]) -> Self {
        let duration = |figure: fn(&Self) -> Duration| median(rounds.iter().map(figure)).unwrap_or_default();
        let part = |part: usize| median(rounds.iter().map(|round| round.cpu[part])).unwrap_or_default();
        Self {
            per_second: median(rounds.iter().map(|round| round.per_second)).unwrap_or_default(),
            mean: duration(|round| round.mean),
            p50: duration(|round| round.p50),
            p99: duration(|round| round.p99),
            cpu: std::array::from_fn(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: SystemTime = SystemTime::UNIX_EPOCH;

    fn milliseconds(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn only_requests_that_ended_within_the_window_count() {
        let window =
            Window { begin: BEGIN + milliseconds(1000), end: BEGIN + milliseconds(3000), cpu: [milliseconds(10); 3] };
        let requests = [500, 1000, 2999, 3000].map(|ended| (BEGIN + milliseconds(ended), milliseconds(4)));

        let measured = window.measured(&requests).unwrap();

        assert!((measured.per_second - 1.0).abs() < f64::EPSILON);
        assert_eq!((measured.p99, measured.cpu[0]), (milliseconds(4), milliseconds(5)));
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<_> = (1..=200).map(milliseconds).collect();

        assert_eq!((percentile(&sorted, 50), percentile(&sorted, 99)), (milliseconds(100), milliseconds(198)));
        assert_eq!(percentile(&sorted[..1], 99), milliseconds(1));
    }

    #[test]
    fn an_outlier_does_not_change_the_median() {
        assert_eq!(median([3.0, 1000.0, 2.0]), Some(3.0));
        assert_eq!(median::<f64>([]), None);
    }
}
