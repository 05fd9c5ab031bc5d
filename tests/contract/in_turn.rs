//! Runs scenarios sequentially in one database, because starting the API costs more than reloading the fixture. One
//! scenario has an API and a database of its own: it mostly waits for responses that are deliberately delayed.

use std::fmt::Display;

use libtest_mimic::Failed;
use tests::app::{API_KEY, JWT_SECRET_KEY};
use tests::contract::area::{self, Area};
use tests::contract::login::Logins;
use tests::contract::run::{self, Client};
use tests::contract::scenario::Scenario;
use tests::contract::sql;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tokio::sync::Mutex;

use crate::judge::judge;

/// The scenario whose responses are delayed by three seconds each.
const DELAYED: &str = "reset password request";

/// The API of [`DELAYED`] and that of the other scenarios, each started by its first scenario.
pub struct InTurn<P> {
    delayed: Mutex<Option<Running<P>>>,
    others: Mutex<Option<Running<P>>>,
}

/// A running API, its database and its cached logins.
pub struct Running<P> {
    process: P,
    transport: Transport,
    logins: Logins,
    db: TestDb,
}

impl<P> InTurn<P> {
    pub const fn new() -> Self {
        Self { delayed: Mutex::const_new(None), others: Mutex::const_new(None) }
    }

    /// Runs the scenario and judges it.
    pub async fn put(
        &self,
        area: &Area,
        scenario: &Scenario,
        start: impl AsyncFnOnce() -> Result<Running<P>, Failed>,
    ) -> Result<(), Failed> {
        let mut turn = if scenario.name == DELAYED { &self.delayed } else { &self.others }.lock().await;
        let running = match turn.take() {
            Some(running) => running,
            None => start().await?,
        };
        let Running { transport, logins, db, .. } = turn.insert(running);
        let mut database = db.pool.acquire().await?;
        sql::execute(&mut database, &area::fixture_sql()?).await?;
        let client = Client { transport, logins, api_key: API_KEY, jwt_secret: JWT_SECRET_KEY };
        let outcomes = run::scenario(scenario, &client, &mut database).await?;
        judge(area, scenario, &outcomes)
    }

    /// Returns the processes that were started.
    pub async fn take(&self) -> impl Iterator<Item = P> + use<P> {
        let started = [self.delayed.lock().await.take(), self.others.lock().await.take()];
        started.into_iter().flatten().map(|running| running.process)
    }
}

impl<P> Running<P> {
    /// Wraps a process that listens at `address` and uses the database `db`.
    pub fn new(address: impl Display, process: P, db: TestDb) -> Result<Self, Failed> {
        Self::over(Transport::http(&format!("http://{address}"))?, process, db)
    }

    /// Wraps a process that is reached by `transport` and uses the database `db`.
    pub fn over(transport: Transport, process: P, db: TestDb) -> Result<Self, Failed> {
        Ok(Self { process, transport, logins: Logins::new()?, db })
    }
}
