//! The body of an answer that is streamed.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// How slowly a reader may read.
#[derive(Clone, Copy)]
struct Pace {
    first: Duration,
    bytes_a_second: u64,
}

/// A reader who is slower than this after the first minute is disconnected: it holds a permit, and memory.
const PACE: Pace = Pace { first: Duration::from_mins(1), bytes_a_second: 32 * 1024 };

/// A body that holds its permit to its last byte, and ends with an error when its reader is too slow.
pub(super) struct Admitted {
    body: Body,
    began: Instant,
    bytes: u64,
    pace: Pace,
    _permit: OwnedSemaphorePermit,
}

impl Admitted {
    /// Returns `body` with its permit. A body that is in memory as a whole gives the permit back at once.
    pub(super) fn body(body: Body, permit: OwnedSemaphorePermit) -> Body {
        Self::at_a_pace(PACE, body, permit)
    }

    fn at_a_pace(minimum: Pace, body: Body, permit: OwnedSemaphorePermit) -> Body {
        if body.size_hint().exact().is_some() {
            return body;
        }
        Body::new(Self { body, began: Instant::now(), bytes: 0, pace: minimum, _permit: permit })
    }

    fn is_too_slow(&self) -> bool {
        self.began.elapsed() > self.pace.first + Duration::from_secs(self.bytes / self.pace.bytes_a_second)
    }
}

impl HttpBody for Admitted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.is_too_slow() {
            tracing::info!(bytes = self.bytes, "an answer is given up: its reader is too slow");
            return Poll::Ready(Some(Err(Error::new("too slow"))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
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

    fn endless(permits: &Arc<Semaphore>) -> Body {
        let chunks = repeat([0_u8; 1024]).map(|chunk| Ok::<_, Error>(Bytes::copy_from_slice(&chunk)));
        let pace = Pace { first: Duration::from_millis(300), bytes_a_second: 1024 * 1024 };
        Admitted::at_a_pace(pace, Body::from_stream(chunks), Arc::clone(permits).try_acquire_owned().unwrap())
    }

    #[tokio::test]
    async fn who_reads_slowly_for_too_long_is_given_up() {
        let mut body = endless(&Arc::new(Semaphore::new(1)));

        let began = Instant::now();
        while let Some(Ok(_)) = body.frame().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }

        assert!(began.elapsed() > Duration::from_millis(300));
    }

    #[tokio::test]
    async fn who_reads_fast_enough_reads_on() {
        let mut body = endless(&Arc::new(Semaphore::new(1)));

        let mut bytes = 0;
        while bytes < 10 * 1024 * 1024 {
            bytes += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        }
    }

    #[tokio::test]
    async fn the_permit_is_free_when_the_body_is_gone() {
        let permits = Arc::new(Semaphore::new(1));
        let mut body = endless(&permits);

        body.frame().await.unwrap().unwrap();
        assert_eq!(permits.available_permits(), 0);
        drop(body);

        assert_eq!(permits.available_permits(), 1);
    }
}
