//! Compares the API in each of its forms with a reference model. A test case is a sequence of valid and invalid requests. If a response
//! differs from the model's, the test fails, and prints the shortest such sequence as curl commands.
//!
//!     PROPTEST_CASES=100000 cargo test --release -p tests --test model
//!
//! `Model` implements the contract without the product's code. docs/reliability.md lists what it covers.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod expected;
mod faults;
mod model;
mod people;
mod requests;
mod sent;
mod state;
mod system;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use tests::app::TestApp;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::deployed;
use tests::server_process::Server;
use tokio::runtime::Runtime;

use crate::faults::Fault;
use crate::requests::{Request, any_case};
use crate::system::System;

/// Describes the state in which each test case begins.
const INITIAL_STATE: &str = "\
# API, KEY: a system with the data of tests/fixtures/contract/fixture.sql and tests/model/seed.sql, and its API key
# alice_0, bob_0, zoe_0, admin_0: tokens of logins (tests/fixtures/contract/accounts.json); dave_0: one from before dave was disabled
";

/// The shortest sequence that differs from the model, and its description.
struct Counterexample {
    requests: Vec<Request>,
    text: String,
}

/// Compares system and model on this many test cases.
fn check(runtime: &Runtime, system: &System, cases: u32) -> Result<(), Counterexample> {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let checked = TestRunner::new(config)
        .run(&any_case(), |requests| runtime.block_on(system.run(&requests)).map_err(TestCaseError::fail));
    match checked {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, requests)) => {
            let (requests, reason) = runtime.block_on(minimize(system, requests, reason.message().to_owned()));
            Err(Counterexample { requests, text: format!("{INITIAL_STATE}{reason}") })
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// Removes requests until all are needed. proptest tries each removal once, before the other requests are simplified.
async fn minimize(system: &System, mut requests: Vec<Request>, mut reason: String) -> (Vec<Request>, String) {
    let mut index = 0;
    while index < requests.len() {
        let mut fewer = requests.clone();
        fewer.remove(index);
        if let Err(still) = system.run(&fewer).await {
            (requests, reason, index) = (fewer, still, 0);
        } else {
            index += 1;
        }
    }
    (requests, reason)
}

/// Returns `PROPTEST_CASES` (256 by default) divided by `one_in`, because processes are slower than routers.
fn cases(one_in: u32) -> u32 {
    Config::default().cases / one_in
}

fn assert_agrees(runtime: &Runtime, system: &System, cases: u32) {
    if let Err(found) = check(runtime, system, cases) {
        panic!("the responses differ from the model:\n{}", found.text);
    }
}

#[test]
fn the_routers_agree_with_the_model() {
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                let runtime = Runtime::new().unwrap();
                let (_app, system) = runtime.block_on(routers(None));
                assert_agrees(&runtime, &system, cases(2));
            });
        }
    });
}

async fn routers(fault: Option<Fault>) -> (TestApp, System) {
    let app = TestApp::with_contract_data().await;
    let system = System::over(Transport::Routers(app.service()), app.pool().clone(), fault).await;
    (app, system)
}

#[test]
fn the_container_agrees_with_the_model() {
    let runtime = Runtime::new().unwrap();
    let (_server, _db, system) = runtime.block_on(async {
        let db = TestDb::with_contract_data().await;
        let server = Server::start(&db.url()).await;
        let transport = Transport::http(&format!("http://{}", server.address)).unwrap();
        let system = System::over(transport, db.pool.clone(), None).await;
        (server, db, system)
    });

    assert_agrees(&runtime, &system, cases(8));
}

#[test]
fn the_functions_agree_with_the_model() {
    let runtime = Runtime::new().unwrap();
    let (load_balancer, _db, system) = runtime.block_on(async {
        let db = TestDb::with_contract_data().await;
        let load_balancer = deployed::start(&db.url()).await;
        let transport = Transport::http(&format!("http://{}", load_balancer.address())).unwrap();
        let system = System::over(transport, db.pool.clone(), None).await;
        (load_balancer, db, system)
    });

    assert_agrees(&runtime, &system, cases(16));
    runtime.block_on(load_balancer.stop());
}

/// Plants a fault, and asserts that the model finds it with at most `max_requests`.
fn assert_finds(fault: Fault, max_requests: usize) {
    let runtime = Runtime::new().unwrap();
    let (_app, system) = runtime.block_on(routers(Some(fault)));

    let found = check(&runtime, &system, 1000).err().unwrap_or_else(|| panic!("the model does not find {fault:?}"));

    assert!(found.requests.len() <= max_requests, "the counterexample is too long:\n{}", found.text);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_a_lost_acknowledged_answer() {
    assert_finds(Fault::LosesAnswers, 2);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_an_answered_case_that_is_offered_again() {
    assert_finds(Fault::OffersAnswered, 2);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_a_session_that_survives_a_reset() {
    assert_finds(Fault::ServesAfterReset, 2);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_an_assignment_that_survives_a_replacing_upload() {
    assert_finds(Fault::LeavesAssignment, 3);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_a_missing_attention_check() {
    assert_finds(Fault::ForgetsAttentionCheck, 1);
}

#[test]
#[ignore = "in just slow"]
fn the_model_finds_a_request_that_is_executed_twice() {
    assert_finds(Fault::IgnoresKeys, 2);
}
