//! Sends requests through the load balancer to the function binaries. The database is an adopted one of the old system.

use libtest_mimic::Failed;
use local::load_balancer::LoadBalancer;
use tests::contract::area::Area;
use tests::contract::scenario::Scenario;
use tests::db::TestDb;
use tests::deployed;

use crate::in_turn::{InTurn, Running};
use crate::pooler;

static FUNCTIONS: InTurn<LoadBalancer> = InTurn::new();
static POOLED: InTurn<LoadBalancer> = InTurn::new();
static MANAGED: InTurn<LoadBalancer> = InTurn::new();

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    FUNCTIONS.put(area, scenario, start).await
}

/// Does the same behind a pooler.
pub async fn put_pooled(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    POOLED.put(area, scenario, start_pooled).await
}

/// Does the same in Lambda Managed Instances.
pub async fn put_managed(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    MANAGED.put(area, scenario, start_managed).await
}

/// Ends the functions, if any were started.
pub async fn stop() {
    for functions in [&FUNCTIONS, &POOLED, &MANAGED] {
        for load_balancer in functions.take().await {
            load_balancer.stop().await;
        }
    }
}

async fn start() -> Result<Running<LoadBalancer>, Failed> {
    let db = TestDb::adopted().await;
    let load_balancer = deployed::start(&db.url()).await;
    Running::new(load_balancer.address(), load_balancer, db)
}

async fn start_pooled() -> Result<Running<LoadBalancer>, Failed> {
    let db = TestDb::adopted().await;
    let load_balancer = deployed::start(&pooler::url(&db.url()).await).await;
    Running::new(load_balancer.address(), load_balancer, db)
}

async fn start_managed() -> Result<Running<LoadBalancer>, Failed> {
    let db = TestDb::adopted().await;
    let load_balancer = deployed::start_managed(&db.url(), 8).await;
    Running::new(load_balancer.address(), load_balancer, db)
}
