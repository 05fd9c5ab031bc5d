//! Replays the recorded contract against the service in both of its forms. Each test is a scenario, and its name starts with the form:
//! - `routers::auth::login`: the routers;
//! - `lambda::`: the load balancer and the function binaries;
//! - `managed_lambda::`: the same in Lambda Managed Instances (ignored, in `just slow`);
//! - `function_urls::`: events of function URLs and the same binaries (ignored, in `just slow`);
//! - `pooled_routers::` and `pooled_lambda::`: PgBouncer in transaction mode in front of the database;
//! - `server::`: the server whose path is in `AUGMED_SERVER` (scripts/test-image).

mod function_urls;
mod in_turn;
mod judge;
mod lambda;
mod pooler;
mod routers;
mod server;

use std::process::ExitCode;

use libtest_mimic::Trial;
use tests::contract::area::{self, Area};
use tests::pgbouncer;
use tests::server_process as process;
use tests::trials;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    // most threads wait for the scenario before theirs
    let arguments = trials::arguments_with_threads(4);
    let areas = area::ALL.map(|name| Area::load(name).unwrap_or_else(|error| panic!("{error}")));
    let areas: &[Area] = areas.into_iter().collect::<Vec<_>>().leak();
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().expect("a runtime")));

    let no_pooler = pgbouncer::is_missing();
    let mut all = Vec::new();
    for area in areas {
        for scenario in &area.scenarios {
            let name = format!("{}::{}", area.name, scenario.name.replace(' ', "_").replace('\'', ""));
            let straight = move || runtime.block_on(routers::put(area, scenario));
            let deployed = move || runtime.block_on(lambda::put(area, scenario));
            all.push(Trial::test(format!("routers::{name}"), straight));
            all.push(Trial::test(format!("lambda::{name}"), deployed));
            let managed = move || runtime.block_on(lambda::put_managed(area, scenario));
            all.push(Trial::test(format!("managed_lambda::{name}"), managed).with_ignored_flag(true));
            let by_url = move || runtime.block_on(function_urls::put(area, scenario));
            all.push(Trial::test(format!("function_urls::{name}"), by_url).with_ignored_flag(true));
            let pooled = move || runtime.block_on(routers::put_pooled(area, scenario));
            let deployed = move || runtime.block_on(lambda::put_pooled(area, scenario));
            all.push(Trial::test(format!("pooled_routers::{name}"), pooled).with_ignored_flag(no_pooler));
            all.push(Trial::test(format!("pooled_lambda::{name}"), deployed).with_ignored_flag(no_pooler));
            if process::given().is_some() {
                let served = move || runtime.block_on(server::put(area, scenario));
                all.push(Trial::test(format!("server::{name}"), served));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, all);
    runtime.block_on(async {
        lambda::stop().await;
        function_urls::stop().await;
        server::stop().await;
    });
    pooler::stop();
    conclusion.exit_code()
}
