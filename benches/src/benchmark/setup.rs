//! Common setup of several benchmarks: a server, and its requests and statements.

use std::sync::Arc;

use crate::bench::Bench;
use crate::failure::Failure;
use crate::http_client::HttpClient;
use crate::load::Requests;
use crate::route::Route;
use crate::server::ServerProcess;
use crate::statement;
use crate::study::{Assignment, Study};

/// Starts the server on a study.
pub(super) async fn serve(bench: &Bench, study: &Study) -> Result<ServerProcess, Failure> {
    ServerProcess::start(bench.binary("augmed-server")?, &study.database).await
}

/// Returns requests for this many clients: reads use any assignment, writes use each assignment once.
pub(super) fn requests(route: &'static Route, study: &Study, clients: usize) -> Requests {
    let assignments = assignments(route, study).to_vec();
    Arc::new(move |client, n| {
        let place = if route.writes { client * assignments.len() / clients + n } else { client * 7919 + n * 104_729 };
        route.request(&assignments[place % assignments.len()])
    })
}

/// Returns the assignments for the route's requests.
pub(super) fn assignments<'a>(route: &Route, study: &'a Study) -> &'a [Assignment] {
    if route.writes { &study.unanswered } else { &study.read }
}

/// Returns a route's statement as the server sends it.
pub(super) async fn statement_of(route: &Route, study: &Study, server: &ServerProcess) -> Result<String, Failure> {
    HttpClient::connect(server.port).await?.ask(&route.request(&assignments(route, study)[0])).await?;
    let statement = statement::last(&mut study.database.connect().await?, route.mark).await?;
    study.reset().await?;
    Ok(statement)
}
