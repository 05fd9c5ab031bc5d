//! Through a process of `augmed-server`, as the container runs it: scenarios one after the other in one database.

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
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
use crate::process::Server;

static RUNNING: Mutex<Option<Running>> = Mutex::const_new(None);

struct Running {
    server: Server,
    transport: Transport,
    logins: Logins,
    db: TestDb,
}

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    let mut running = RUNNING.lock().await;
    if running.is_none() {
        *running = Some(Running::start().await?);
    }
    let Some(Running { transport, logins, db, .. }) = running.as_ref() else { unreachable!("it was started") };
    let mut database = db.pool.acquire().await?;
    sql::execute(&mut database, &area::fixture_sql()?).await?;
    let client = Client { transport, logins, api_key: API_KEY, jwt_secret: JWT_SECRET_KEY };
    let outcomes = run::scenario(scenario, &client, &mut database).await?;
    judge(area, scenario, &outcomes)
}

/// Ends the server, if it was started.
pub async fn stop() {
    if let Some(running) = RUNNING.lock().await.take() {
        running.server.signal(Signal::SIGTERM);
        assert!(running.server.exit().await.success(), "the server ends well");
    }
}

impl Running {
    async fn start() -> Result<Self, Failed> {
        let db = TestDb::with_contract_data().await;
        let server = Server::start(&db.url()).await;
        let transport = Transport::http(&format!("http://{}", server.address))?;
        Ok(Self { server, transport, logins: Logins::new()?, db })
    }
}
