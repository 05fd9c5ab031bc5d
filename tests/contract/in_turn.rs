//! Scenarios one after the other in one database, because starting what answers them costs more than loading the fixture again.

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

/// An API that starts with its first scenario.
pub struct InTurn<P>(Mutex<Option<Running<P>>>);

/// What answers, and what it takes to ask it.
pub struct Running<P> {
    process: P,
    transport: Transport,
    logins: Logins,
    db: TestDb,
}

impl<P> InTurn<P> {
    pub const fn new() -> Self {
        Self(Mutex::const_new(None))
    }

    /// Runs the scenario and judges it.
    pub async fn put(
        &self,
        area: &Area,
        scenario: &Scenario,
        start: impl AsyncFnOnce() -> Result<Running<P>, Failed>,
    ) -> Result<(), Failed> {
        let mut turn = self.0.lock().await;
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

    /// What was started, if there was a scenario.
    pub async fn take(&self) -> Option<P> {
        self.0.lock().await.take().map(|running| running.process)
    }
}

impl<P> Running<P> {
    /// A process that listens at `address` and has the database `db`.
    pub fn new(address: impl Display, process: P, db: TestDb) -> Result<Self, Failed> {
        Self::over(Transport::http(&format!("http://{address}"))?, process, db)
    }

    /// A process that is reached by `transport` and has the database `db`.
    pub fn over(transport: Transport, process: P, db: TestDb) -> Result<Self, Failed> {
        Ok(Self { process, transport, logins: Logins::new()?, db })
    }
}
