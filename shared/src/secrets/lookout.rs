//! One look at a time, and not too many: whoever waits takes the outcome of a look that began after they asked.

use std::future::Future;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Spaces the looks of all who want one.
#[derive(Debug)]
pub(super) struct Lookout<E> {
    pause: Duration,
    places: Semaphore,
    last: Mutex<Option<(Instant, Result<(), E>)>>,
}

/// As many wait already as may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Crowded;

impl<E: Clone> Lookout<E> {
    /// `pause` lies between the beginnings of two looks, for which so many wait at most.
    pub fn new(pause: Duration, most_waiting: usize) -> Self {
        Self { pause, places: Semaphore::new(most_waiting), last: Mutex::new(None) }
    }

    /// The outcome of a look that begins from now on.
    pub async fn look(&self, look: impl Future<Output = Result<(), E>>) -> Result<Result<(), E>, Crowded> {
        let _place = self.places.try_acquire().map_err(|_| Crowded)?;
        let asked = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((began, outcome)) = &*last {
            if *began >= asked {
                return Ok(outcome.clone());
            }
            sleep_until(*began + self.pause).await;
        }
        let began = Instant::now();
        let outcome = look.await;
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
    async fn those_who_wait_share_one_look() {
        let lookout = Lookout::<()>::new(Duration::from_millis(20), 3);
        let looks = AtomicU32::new(0);
        let look = || {
            lookout.look(async {
                looks.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(())
            })
        };

        let _ = tokio::join!(look(), look(), look());

        // the first begins at once; the others asked before it began or share the second
        assert!(looks.load(Ordering::Relaxed) <= 2);
    }

    #[tokio::test]
    async fn looks_are_apart() {
        let lookout = Lookout::<()>::new(Duration::from_millis(20), 3);
        let started = Instant::now();

        for _ in 0..3 {
            lookout.look(async { Ok(()) }).await.unwrap().unwrap();
        }

        assert!(started.elapsed() >= Duration::from_millis(40));
    }

    #[tokio::test]
    async fn whoever_finds_no_place_to_wait_is_told_at_once() {
        let lookout = Lookout::<()>::new(Duration::from_millis(20), 2);
        let look = || lookout.look(tokio::task::yield_now().map(Ok));

        let outcomes = tokio::join!(look(), look(), look());

        assert_eq!(outcomes, (Ok(Ok(())), Ok(Ok(())), Err(Crowded)));
    }
}
