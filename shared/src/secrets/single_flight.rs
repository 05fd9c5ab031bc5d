//! Coalesces and rate-limits calls. Waiters share the result of a call that starts after they asked.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Single flight with a minimum interval between calls and a maximum number of waiters.
#[derive(Debug)]
pub(super) struct SingleFlight<E> {
    min_interval: Duration,
    admission: Semaphore,
    last: Mutex<Option<(Instant, Result<(), E>)>>,
}

/// Why there was no call for a caller.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The maximum number of callers is waiting.
    TooManyWaiters,
    /// The minimum interval has not passed, and the caller does not wait.
    TooSoon,
}

/// What a caller does until the minimum interval has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenTooSoon {
    Wait,
    Fail,
}

impl<E: Clone> SingleFlight<E> {
    /// Creates a single flight whose calls start at least `min_interval` apart, with at most `max_waiters` waiters.
    pub fn new(min_interval: Duration, max_waiters: usize) -> Self {
        Self { min_interval, admission: Semaphore::new(max_waiters), last: Mutex::new(None) }
    }

    /// Returns the result of a call that starts after this one asked: `call`, or the call of another waiter.
    pub async fn run(
        &self,
        call: impl Future<Output = Result<(), E>>,
        when_too_soon: WhenTooSoon,
    ) -> Result<Result<(), E>, Refusal> {
        let _slot = self.admission.try_acquire().map_err(|_| Refusal::TooManyWaiters)?;
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((began, outcome)) = &*last {
            if *began >= asked {
                return Ok(outcome.clone());
            }
            let next = *began + self.min_interval;
            if when_too_soon == WhenTooSoon::Fail && next > Instant::now() {
                return Err(Refusal::TooSoon);
            }
            sleep_until(next).await;
        }
        let began = Instant::now();
        let outcome = call.await;
        *last = Some((began, outcome.clone()));
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn waiters_share_one_call() {
        let flight = SingleFlight::<()>::new(Duration::from_millis(20), 3);
        let calls = AtomicU32::new(0);
        let run = || {
            let call = async {
                calls.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(())
            };
            flight.run(call, WhenTooSoon::Wait)
        };

        let _ = tokio::join!(run(), run(), run());

        // the first caller starts at once; the others share the second call
        assert!(calls.load(Ordering::Relaxed) <= 2);
    }

    #[tokio::test]
    async fn calls_start_the_minimum_interval_apart() {
        let flight = SingleFlight::<()>::new(Duration::from_millis(20), 3);
        let started = Instant::now();

        for _ in 0..3 {
            flight.run(async { Ok(()) }, WhenTooSoon::Wait).await.unwrap().unwrap();
        }

        assert!(started.elapsed() >= Duration::from_millis(40));
    }

    #[tokio::test]
    async fn fails_immediately_beyond_the_maximum_number_of_waiters() {
        let flight = SingleFlight::<()>::new(Duration::from_millis(20), 2);
        let run = || flight.run(tokio::task::yield_now().map(Ok), WhenTooSoon::Wait);

        let outcomes = tokio::join!(run(), run(), run());

        assert_eq!(outcomes, (Ok(Ok(())), Ok(Ok(())), Err(Refusal::TooManyWaiters)));
    }

    #[tokio::test]
    async fn an_impatient_caller_fails_within_the_interval() {
        let flight = SingleFlight::<()>::new(Duration::from_mins(1), 2);
        let run = || flight.run(async { Ok(()) }, WhenTooSoon::Fail);

        assert_eq!((run().await, run().await), (Ok(Ok(())), Err(Refusal::TooSoon)));
    }
}
