//! A pooled connection, and when it is pinged before reuse.
//!
//! sqlx's pool pings every returned connection: one more round trip per request, a fifth of the cost of a small one.
//! This pool pings only connections that were idle, or that were returned in an unknown state.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deadpool::managed::{Manager, Metrics, Object, RecycleError, RecycleResult};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::Address;
use super::address::Opened;
use crate::time::now;

/// A connection that does not answer a ping within this time is dead. After a failover nobody closes such connections.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Older connections are replaced, so that the process follows a database whose host name has a new address.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);

/// A connection that was alive this recently is reused without a ping.
const PING_AFTER_IDLE: Duration = Duration::from_secs(1);

/// Opens connections, and decides whether one can be reused.
pub(super) struct Connections {
    pub(super) address: Address,
}

impl Manager for Connections {
    type Type = Pooled;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Pooled, sqlx::Error> {
        let Opened { connection, prologue } = self.address.connect().await?;
        Ok(Pooled { connection, prologue, last_alive: now() })
    }

    async fn recycle(&self, pooled: &mut Pooled, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        let is_usable = metrics.age() < MAX_LIFETIME && (pooled.was_alive_recently() || pooled.ping().await);
        if is_usable { Ok(()) } else { Err(RecycleError::message("the connection is too old or dead")) }
    }
}

/// A connection, and when it was last known to be alive. Wall-clock time: it advances while Lambda freezes the process.
pub(super) struct Pooled {
    connection: PgConnection,
    prologue: Option<Arc<str>>,
    last_alive: DateTime<Utc>,
}

impl Pooled {
    fn was_alive_recently(&self) -> bool {
        // an error means that the clock was set back
        (now() - self.last_alive).to_std().is_ok_and(|idle| idle < PING_AFTER_IDLE)
    }

    async fn ping(&mut self) -> bool {
        let answers = matches!(timeout(PING_TIMEOUT, self.connection.ping()).await, Ok(Ok(())));
        if answers {
            self.last_alive = now();
        }
        answers
    }
}

/// A connection that returns to its pool when it is dropped.
pub struct Connection {
    object: Option<Object<Connections>>,
    state: State,
}

/// What has to happen before another request can use a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing.
    Clean,
    /// Unfinished statements have to end; sqlx rolls back the transaction that it knows of.
    Unfinished,
    /// There may be a transaction that sqlx does not know of. The connection must be closed.
    Unknown,
}

impl Connection {
    /// Returns the prologue of each transaction, if a pooler keeps no session for this connection. Then every statement
    /// must run in a transaction.
    pub(super) fn prologue(&self) -> Option<Arc<str>> {
        self.object.as_ref().expect(IN_USE).prologue.clone()
    }

    /// Marks the connection as reusable as is: every statement has completed, and no transaction is open.
    pub(super) fn mark_clean(&mut self) {
        self.object.as_mut().expect(IN_USE).last_alive = now();
        self.state = State::Clean;
    }

    /// Closes the connection on drop, unless [`Self::end_unknown_state`] is called first.
    pub(super) fn begin_unknown_state(&mut self) {
        self.state = State::Unknown;
    }

    /// Notes that sqlx knows again whether a transaction is open.
    pub(super) fn end_unknown_state(&mut self) {
        self.state = State::Unfinished;
    }
}

impl From<Object<Connections>> for Connection {
    fn from(object: Object<Connections>) -> Self {
        Self { object: Some(object), state: State::Unfinished }
    }
}

const IN_USE: &str = "only Drop takes the connection";

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.object.as_ref().expect(IN_USE).connection
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        if self.state == State::Clean {
            self.state = State::Unfinished;
        }
        &mut self.object.as_mut().expect(IN_USE).connection
    }
}

/// Completes a pending `ROLLBACK` now rather than on the next use of the connection, because it holds locks until then.
/// Closes a connection in an unknown state.
impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        match (self.state, Handle::try_current()) {
            (State::Clean, _) => {}
            (State::Unfinished, Ok(runtime)) => drop(runtime.spawn(async move {
                if !object.ping().await {
                    drop(Object::take(object));
                }
            })),
            _ => drop(Object::take(object)),
        }
    }
}
