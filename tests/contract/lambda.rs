//! Through the load balancer and the function binaries. The database is one of the old system, adopted.

use libtest_mimic::Failed;
use local::load_balancer::LoadBalancer;
use tests::contract::area::Area;
use tests::contract::scenario::Scenario;
use tests::db::TestDb;
use tests::deployed;

use crate::in_turn::{InTurn, Running};

static FUNCTIONS: InTurn<LoadBalancer> = InTurn::new();

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    FUNCTIONS.put(area, scenario, start).await
}

/// Ends the functions, if any were started.
pub async fn stop() {
    if let Some(load_balancer) = FUNCTIONS.take().await {
        load_balancer.stop().await;
    }
}

async fn start() -> Result<Running<LoadBalancer>, Failed> {
    let db = TestDb::adopted().await;
    let load_balancer = deployed::start(&db.url()).await;
    Running::new(load_balancer.address(), load_balancer, db)
}
