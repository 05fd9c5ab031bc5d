//! Detects whether a handler is waiting for the body of its request. If the body does not arrive in time, the client is
//! at fault, not the service.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http_body::Frame;

/// The arrival of a request's body.
#[derive(Clone, Default)]
pub(super) struct Arrival(Arc<AtomicBool>);

impl Arrival {
    /// Returns `request` with a body that is watched, and the body's arrival.
    pub(super) fn of(request: Request) -> (Request, Self) {
        let arrival = Self::default();
        if request.body().is_end_stream() {
            return (request, arrival);
        }
        let watch = |body| Body::new(Watched { body, arrival: arrival.clone() });
        (request.map(watch), arrival)
    }

    /// Returns whether the handler waits for more of the body at the moment.
    pub(super) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Watched {
    body: Body,
    arrival: Arrival,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.arrival.0.store(polled.is_pending(), Ordering::Relaxed);
        polled
    }
}

/// A handler that drops the body no longer waits for it.
impl Drop for Watched {
    fn drop(&mut self) {
        self.arrival.0.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, StreamExt as _, stream};

    use super::*;

    #[test]
    fn a_handler_that_drops_the_body_no_longer_waits_for_it() {
        let body = Body::from_stream(stream::pending::<Result<Bytes, Error>>());
        let (request, arrival) = Arrival::of(Request::new(body));
        let mut body = request.into_body().into_data_stream();

        assert!(body.next().now_or_never().is_none());
        assert!(arrival.is_awaited());
        drop(body);

        assert!(!arrival.is_awaited());
    }
}
