//! The runs: with planted faults, and with faults of database, network, processes and clocks.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tests::app::TestApp;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::deployed;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::Client;
use crate::deployment::Deployment;
use crate::evidence::Evidence;
use crate::plan::{CLIENTS, PARTICIPANTS, Role, Step, Via, assignments, plan, role};
use crate::planted::{self, Planted};
use crate::study::{Assignments, STUDY};
use crate::verdict::{Summary, Violation, judge};
use crate::world::World;
use crate::{faults, report};

/// What a planted fault has time for, in rounds.
const A_MINUTE: Duration = Duration::from_mins(1);
const ROUND: Duration = Duration::from_secs(5);

/// Uploads the participants' assignments, and returns the world for clients that work until `duration`.
async fn prepare(mut world: World, duration: Duration) -> Arc<World> {
    world.assignments_each = assignments(duration);
    let world = Arc::new(world);
    let mut first = Client::new(CLIENTS, Role::Uploader, world.clone());
    first.take(Via::Container, Step::Upload { replaces: true }).await;
    assert!(world.journal.evidence().events[0].is_success(), "{:?}", world.journal.evidence().events);
    drop(first);
    let mut world = Arc::into_inner(world).unwrap();
    world.assignments = Assignments::read(&world.database).await;
    Arc::new(world)
}

/// Has all clients do what is planned.
fn start_clients(world: &Arc<World>, seed: u64, duration: Duration, start: Instant) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let client = Client::new(number, role(number), world.clone());
        clients.spawn(client.work(plan(seed, number, duration), start));
    }
    clients
}

/// Reads everything once more, when nothing is broken.
async fn read_in_the_end(world: &Arc<World>) {
    for participant in 1..=PARTICIPANTS {
        let mut client = Client::new(CLIENTS, Role::Participant(participant), world.clone());
        client.take(Via::Container, Step::NextCase).await;
    }
    let mut last = Client::new(CLIENTS, Role::Auditor, world.clone());
    for step in [Step::ReadUpload, Step::ReadQuestionnaire, Step::List, Step::ReadStatus] {
        last.take(Via::Functions, step).await;
    }
    last.read_trail(Via::Container, false).await;
}

/// Two instances of the API over one database.
struct Sound {
    world: Arc<World>,
    _apps: [TestApp; 2],
}

impl Sound {
    async fn start(planted: Option<planted::Fault>) -> Self {
        // what the clients run is built before they begin
        deployed::binary("augmed");
        let one = TestApp::over(TestDb::new().await).await;
        sqlx::raw_sql(STUDY).execute(one.pool()).await.unwrap();
        let url = one.db.url();
        let other = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", &url)]).await;
        let [container, functions] = [&one, &other].map(|app| Transport::Routers(app.service()));
        let mut world = World::new(container, functions, one.pool().clone(), url);
        world.planted = planted.map(Planted::new);
        Self { world: prepare(world, ROUND).await, _apps: [one, other] }
    }

    async fn round(&self, seed: u64) -> Result<Summary, Vec<Violation>> {
        start_clients(&self.world, seed, ROUND, Instant::now()).join_all().await;
        read_in_the_end(&self.world).await;
        judge(&self.world.journal.evidence(), &self.world.assignments)
    }
}

pub async fn a_correct_history_violates_nothing(seed: u64) {
    let sound = Sound::start(None).await;

    let summary = sound.round(seed).await.unwrap_or_else(|violations| fail(seed, ROUND, &violations));

    assert!(summary.iter().all(|(_, size)| size.operations > 0), "{summary:?}");
}

/// Has the clients work until the fault is found, for a minute at most.
pub async fn is_found(fault: planted::Fault, seed: u64) {
    let sound = Sound::start(Some(fault)).await;
    let began = Instant::now();
    for round in 0.. {
        let judged = sound.round(seed.wrapping_add(round)).await;
        assert!(began.elapsed() < A_MINUTE, "seed {seed}: {fault:?} was not found within a minute");
        let violations = judged.err().unwrap_or_default();
        if let Some(violation) = violations.iter().find(|violation| violation.rule == fault.rule()) {
            println!("\n  {fault:?} found after {:.1?}, seed {seed}: {violation}", began.elapsed());
            return;
        }
    }
}

pub async fn under_faults(seed: u64, duration: Duration) {
    println!("\n  seed {seed}, {duration:?}: HISTORIES_SEED={seed} HISTORIES_SECONDS={}", duration.as_secs());
    let mut deployment = Deployment::start().await;
    let world = prepare(deployment.world(), duration).await;
    let start = Instant::now();
    let clients = start_clients(&world, seed, duration, start);

    let schedule = faults::schedule(seed, duration);
    let injected = faults::inject(schedule, start, &mut deployment, &world.journal).await;
    clients.join_all().await;
    read_in_the_end(&world).await;

    let evidence = world.journal.evidence();
    deployment.print_faults_of_server();
    report::print(&injected, &evidence, world.skipped.load(Ordering::Relaxed));
    assert_ended_well(&evidence);
    let began = Instant::now();
    match judge(&evidence, &world.assignments) {
        Ok(summary) => report::print_summary(&summary, began.elapsed()),
        Err(violations) => fail(seed, duration, &violations),
    }
    deployment.stop().await;
}

fn fail(seed: u64, duration: Duration, violations: &[Violation]) -> ! {
    let text: Vec<String> = violations.iter().map(ToString::to_string).collect();
    panic!("HISTORIES_SEED={seed} HISTORIES_SECONDS={}\n{}", duration.as_secs(), text.join("\n"));
}

/// After the last fault everything is served again, or the histories would say little.
fn assert_ended_well(evidence: &Evidence) {
    let last = evidence.events.iter().rev().take_while(|event| event.client == CLIENTS);
    let failed: Vec<_> = last.filter(|event| !event.is_success()).collect();
    assert!(failed.is_empty(), "in the end: {failed:?}");
}
