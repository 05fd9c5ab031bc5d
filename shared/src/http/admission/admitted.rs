//! The body of a streamed answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// The minimum rate at which a client must read.
#[derive(Clone, Copy)]
struct ReadRate {
    grace: Duration,
    bytes_per_second: u64,
}

impl ReadRate {
    /// Returns whether a client that has read only `bytes` in `elapsed` is too slow.
    fn is_missed(self, bytes: u64, elapsed: Duration) -> bool {
        elapsed > self.grace + Duration::from_secs(bytes / self.bytes_per_second)
    }
}

/// A client that is slower than this after the first minute is disconnected: it holds a permit and memory.
const MIN_READ_RATE: ReadRate = ReadRate { grace: Duration::from_mins(1), bytes_per_second: 32 * 1024 };

/// A body that holds its permit until its last byte is sent, and fails if its client reads too slowly.
pub(super) struct Admitted {
    body: Body,
    began: Instant,
    bytes: u64,
    min_rate: ReadRate,
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    /// Attaches `permit` to `body`. A body that is entirely in memory releases the permit at once.
    pub(super) fn body(body: Body, permit: OwnedSemaphorePermit) -> Body {
        Self::with_min_rate(MIN_READ_RATE, body, permit)
    }

    fn with_min_rate(min_rate: ReadRate, body: Body, permit: OwnedSemaphorePermit) -> Body {
        if body.size_hint().exact().is_some() {
            return body;
        }
        Body::new(Self { body, began: Instant::now(), bytes: 0, min_rate, _permit: permit })
    }
}

impl HttpBody for Admitted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.min_rate.is_missed(self.bytes, self.began.elapsed()) {
            tracing::info!(bytes = self.bytes, "answer aborted: the client reads too slowly");
            return Poll::Ready(Some(Err(Error::new("the client reads too slowly"))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;
    use futures_util::stream::repeat;
    use http_body_util::BodyExt as _;
    use std::sync::Arc;
    use tokio::sync::Semaphore;

    /// Returns a body in chunks of a kilobyte.
    fn endless(permits: &Arc<Semaphore>, bytes_per_second: u64) -> Body {
        let chunks = repeat([0_u8; 1024]).map(|chunk| Ok::<_, Error>(Bytes::copy_from_slice(&chunk)));
        let min_rate = ReadRate { grace: Duration::from_millis(300), bytes_per_second };
        Admitted::with_min_rate(min_rate, Body::from_stream(chunks), Arc::clone(permits).try_acquire_owned().unwrap())
    }

    #[test]
    fn a_client_has_a_minute_and_then_a_second_for_each_32_kilobytes() {
        for (kilobytes, seconds) in [(0, 60), (31, 60), (32, 61), (320, 70)] {
            let elapsed = Duration::from_secs(seconds);
            assert!(!MIN_READ_RATE.is_missed(kilobytes * 1024, elapsed), "{kilobytes} KB in {seconds} s");
            let longer = elapsed + Duration::from_millis(1);
            assert!(MIN_READ_RATE.is_missed(kilobytes * 1024, longer), "{kilobytes} KB in more than {seconds} s");
        }
    }

    #[tokio::test]
    async fn a_slow_client_is_disconnected_after_the_grace_period() {
        let mut body = endless(&Arc::new(Semaphore::new(1)), 1024 * 1024);

        let began = Instant::now();
        while let Some(Ok(_)) = body.frame().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }

        assert!(began.elapsed() > Duration::from_millis(300));
    }

    #[tokio::test]
    async fn a_fast_client_is_not_disconnected() {
        let mut body = endless(&Arc::new(Semaphore::new(1)), 1024);

        // what it may read in a hundred seconds
        for _ in 0..100 {
            body.frame().await.unwrap().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(400)).await;

        assert!(body.frame().await.unwrap().is_ok(), "the grace period is over, but not the hundred seconds");
    }

    #[tokio::test]
    async fn dropping_the_body_releases_the_permit() {
        let permits = Arc::new(Semaphore::new(1));
        let mut body = endless(&permits, 1024 * 1024);

        body.frame().await.unwrap().unwrap();
        assert_eq!(permits.available_permits(), 0);
        drop(body);

        assert_eq!(permits.available_permits(), 1);
    }
}
