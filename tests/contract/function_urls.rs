//! Sends requests as events of function URLs to the function binaries. The database is an adopted one of the old system.

use std::sync::Arc;

use libtest_mimic::Failed;
use tests::contract::area::Area;
use tests::contract::scenario::Scenario;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::function_urls::FunctionUrls;

use crate::in_turn::{InTurn, Running};

static FUNCTIONS: InTurn<Arc<FunctionUrls>> = InTurn::new();

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    FUNCTIONS.put(area, scenario, start).await
}

/// Ends the functions, if any were started.
pub async fn stop() {
    drop(FUNCTIONS.take().await);
}

async fn start() -> Result<Running<Arc<FunctionUrls>>, Failed> {
    let db = TestDb::adopted().await;
    let functions = FunctionUrls::start(&db.url()).await;
    Running::over(Transport::Routers(functions.service()), functions, db)
}
