//! Through the load balancer and the function binaries: scenarios one after the other in one database, because
//! starting the functions costs more than loading the fixture again. The database is one of the old system, adopted.

use libtest_mimic::Failed;
use local::load_balancer::LoadBalancer;
use tests::app::{API_KEY, JWT_SECRET_KEY};
use tests::contract::area::{self, Area};
use tests::contract::login::Logins;
use tests::contract::run::{self, Client};
use tests::contract::scenario::Scenario;
use tests::contract::sql;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::deployed;
use tokio::sync::Mutex;

use crate::judge::judge;

static DEPLOYED: Mutex<Option<Deployed>> = Mutex::const_new(None);

struct Deployed {
    load_balancer: LoadBalancer,
    transport: Transport,
    logins: Logins,
    db: TestDb,
}

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    let mut deployed = DEPLOYED.lock().await;
    if deployed.is_none() {
        *deployed = Some(Deployed::start().await?);
    }
    let Some(Deployed { transport, logins, db, .. }) = deployed.as_ref() else { unreachable!("it was started") };
    let mut database = db.pool.acquire().await?;
    sql::execute(&mut database, &area::fixture_sql()?).await?;
    let client = Client { transport, logins, api_key: API_KEY, jwt_secret: JWT_SECRET_KEY };
    let outcomes = run::scenario(scenario, &client, &mut database).await?;
    judge(area, scenario, &outcomes)
}

/// Ends the functions, if any were started.
pub async fn stop() {
    if let Some(deployed) = DEPLOYED.lock().await.take() {
        deployed.load_balancer.stop().await;
    }
}

impl Deployed {
    async fn start() -> Result<Self, Failed> {
        let db = TestDb::adopted().await;
        let load_balancer = deployed::start(&db.url()).await;
        let transport = Transport::http(&format!("http://{}", load_balancer.address()))?;
        Ok(Self { load_balancer, transport, logins: Logins::new()?, db })
    }
}
