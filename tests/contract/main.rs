//! The recorded contract against our own service, straight at the routers.
//! A test is a scenario: `routers::auth::login`.

mod awaited;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use tests::app::{API_KEY, JWT_SECRET_KEY, TestApp};
use tests::contract::answer::Outcome;
use tests::contract::area::Area;
use tests::contract::login::Logins;
use tests::contract::report;
use tests::contract::run::{self, Client};
use tests::contract::scenario::Scenario;
use tests::contract::transport::Transport;
use tokio::runtime::Runtime;

/// The areas whose routes exist.
const AREAS: [&str; 7] = ["health", "auth", "cases", "answers", "answer_config", "analytics", "cross_cutting"];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = Arc::new(Runtime::new().expect("a runtime"));
    let areas = AREAS.map(|name| Arc::new(Area::load(name).unwrap_or_else(|error| panic!("{error}"))));
    let logins = Arc::new(Logins::new().unwrap_or_else(|error| panic!("{error}")));

    let mut trials = vec![];
    for area in &areas {
        for (at, scenario) in area.scenarios.iter().enumerate() {
            let (runtime, area, logins) = (Arc::clone(&runtime), Arc::clone(area), Arc::clone(&logins));
            trials.push(Trial::test(test_name("routers", &area.name, &scenario.name), move || {
                runtime.block_on(straight_at_the_routers(&area, &area.scenarios[at], &logins))
            }));
        }
    }
    trials.push(Trial::test("every_awaited_route_is_called", move || every_awaited_route_is_called(&areas)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `routers::cases::next_case`
fn test_name(way: &str, area: &str, scenario: &str) -> String {
    format!("{way}::{area}::{}", scenario.replace(' ', "_").replace('\'', ""))
}

async fn straight_at_the_routers(area: &Area, scenario: &Scenario, logins: &Logins) -> Result<(), Failed> {
    let app = TestApp::with_contract_data().await;
    let transport = Transport::Routers(app.service());
    let client = Client { transport: &transport, logins, api_key: API_KEY, jwt_secret: JWT_SECRET_KEY };
    let outcomes = run::scenario(scenario, &client, &mut *app.pool().acquire().await?).await?;
    judge(area, scenario, &outcomes)
}

fn judge(area: &Area, scenario: &Scenario, outcomes: &[Outcome]) -> Result<(), Failed> {
    let awaited = awaited::by(&area.name, scenario);
    let failures = report::failures(area, scenario, outcomes);
    let unexcused = failures.iter().filter(|failure| !awaited.iter().any(|awaited| awaited.excuses(failure.step)));
    let steps = scenario.steps.iter().zip(outcomes);
    let over = steps.flat_map(|(step, outcome)| awaited.iter().filter_map(|awaited| awaited.complaint(step, outcome)));

    let complaints: String = unexcused.map(ToString::to_string).chain(over).collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.into()) }
}

fn every_awaited_route_is_called(areas: &[Arc<Area>]) -> Result<(), Failed> {
    let scenarios = areas.iter().flat_map(|area| area.scenarios.iter().map(|scenario| (area.name.as_str(), scenario)));
    let unneeded = awaited::unneeded(scenarios);
    if unneeded.is_empty() { Ok(()) } else { Err(unneeded.join("\n").into()) }
}
