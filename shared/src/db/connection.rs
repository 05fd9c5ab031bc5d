//! One connection of the pool, and when it is taken for alive.
//!
//! sqlx's own pool asks every connection that comes back for a sign of life. That is a second round trip for each request, and a fifth of what
//! a small one costs; here only those are asked of which it is not certain that they have nothing left to do.

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

/// A connection that gives no sign of life for so long is taken for dead: after a failover nobody closes it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// Then a connection is made anew, so that a database that has moved is found.
const MAX_LIFETIME: Duration = Duration::from_secs(1800);

/// A connection that gave a sign of life within this time is taken for alive.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Makes connections, and decides whether one can be used again.
pub(super) struct Connections {
    pub(super) address: Address,
}

impl Manager for Connections {
    type Type = Alive;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Alive, sqlx::Error> {
        let Opened { connection, prologue } = self.address.connect().await?;
        Ok(Alive { connection, prologue, at: now() })
    }

    async fn recycle(&self, alive: &mut Alive, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        let is_usable = metrics.age() < MAX_LIFETIME && (alive.is_trusted() || alive.is_confirmed().await);
        if is_usable { Ok(()) } else { Err(RecycleError::message("too old, or dead")) }
    }
}

/// A connection, and when it was known to be alive: by the clock on the wall, which goes on while Lambda has a process frozen.
pub(super) struct Alive {
    connection: PgConnection,
    prologue: Option<Arc<str>>,
    at: DateTime<Utc>,
}

impl Alive {
    fn is_trusted(&self) -> bool {
        // nobody knows how long ago it was if the clock was set back
        (now() - self.at).to_std().is_ok_and(|idle| idle < TRUSTED_IDLE)
    }

    async fn is_confirmed(&mut self) -> bool {
        let answers = matches!(timeout(SIGN_OF_LIFE, self.connection.ping()).await, Ok(Ok(())));
        if answers {
            self.at = now();
        }
        answers
    }
}

/// A connection of the pool, to which it goes back.
pub struct Connection {
    object: Option<Object<Connections>>,
    has_finished: bool,
}

impl Connection {
    /// What each transaction has to begin with, if a pooler keeps no session for this connection. Nothing may be asked outside of
    /// a transaction then.
    pub(super) fn prologue(&self) -> Option<Arc<str>> {
        self.object.as_ref().expect(IN_USE).prologue.clone()
    }

    /// Every statement was run to its end, and none is in a transaction: whoever comes next may have it as it is.
    pub(super) fn finished(&mut self) {
        self.object.as_mut().expect(IN_USE).at = now();
        self.has_finished = true;
    }
}

impl From<Object<Connections>> for Connection {
    fn from(object: Object<Connections>) -> Self {
        Self { object: Some(object), has_finished: false }
    }
}

const IN_USE: &str = "a connection is given back when it is dropped";

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.object.as_ref().expect(IN_USE).connection
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.has_finished = false;
        &mut self.object.as_mut().expect(IN_USE).connection
    }
}

/// What was left half way is finished here and now, not when the connection is wanted again: a `ROLLBACK` that waits holds locks.
impl Drop for Connection {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        if self.has_finished {
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(async move {
                if !object.is_confirmed().await {
                    drop(Object::take(object));
                }
            })),
            Err(_) => drop(Object::take(object)),
        }
    }
}
