//! Sends requests to a process of `augmed-server`, as in the container.

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use tests::contract::area::Area;
use tests::contract::scenario::Scenario;
use tests::db::TestDb;

use crate::in_turn::{InTurn, Running};
use crate::process::Server;

static SERVER: InTurn<Server> = InTurn::new();

/// Runs the scenario and judges it.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    SERVER.put(area, scenario, start).await
}

/// Ends the server, if it was started.
pub async fn stop() {
    for server in SERVER.take().await {
        server.signal(Signal::SIGTERM);
        assert!(server.exit().await.success(), "the server exits with 0");
    }
}

async fn start() -> Result<Running<Server>, Failed> {
    let db = TestDb::with_contract_data().await;
    let server = Server::start(&db.url()).await;
    Running::new(server.address, server, db)
}
