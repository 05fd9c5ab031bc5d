//! What breaks, and when: a function of the seed.

use std::time::Duration;

use local::lambda::{Function, Phase};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, sleep, sleep_until};

use crate::deployment::Deployment;
use crate::evidence::Journal;
use crate::history::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    KillPostgres,
    CutConnections,
    LoseConnections,
    Stall(Duration),
    KillFunctions,
    KillServer,
    /// The clock of the container is wrong by so many seconds.
    WrongClockOfContainer(i64),
    WrongClockOfFunctions(i64),
}

/// Before the first fault.
const QUIET: Duration = Duration::from_secs(4);
/// After the last one, so that its effects are seen.
const REST: Duration = Duration::from_secs(5);
/// A clock is wrong for this time.
const WRONG: Duration = Duration::from_secs(3);
const HOUR: i64 = 3600;

/// Returns faults with their times. In a minute each kind occurs once.
pub fn schedule(seed: u64, duration: Duration) -> Vec<(Duration, Fault)> {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut at, mut faults, mut round) = (QUIET, Vec::new(), Vec::new());
    while at + REST < duration {
        if round.is_empty() {
            round = kinds(&mut random);
            round.shuffle(&mut random);
        }
        faults.extend(round.pop().map(|fault| (at, fault)));
        at += Duration::from_secs_f64(random.random_range(5.0..7.0));
    }
    faults
}

fn kinds(random: &mut StdRng) -> Vec<Fault> {
    let offset = |random: &mut StdRng| if random.random() { HOUR } else { -HOUR };
    vec![
        Fault::KillPostgres,
        Fault::CutConnections,
        Fault::LoseConnections,
        Fault::Stall(Duration::from_millis(random.random_range(500..5000))),
        Fault::KillFunctions,
        Fault::KillServer,
        Fault::WrongClockOfContainer(offset(random)),
        Fault::WrongClockOfFunctions(offset(random)),
    ]
}

/// Carries out the schedule. Returns the faults with the times at which they began and ended.
pub async fn inject(
    schedule: Vec<(Duration, Fault)>,
    start: Instant,
    deployment: &mut Deployment,
    journal: &Journal,
) -> Vec<(Fault, Moment, Moment)> {
    let mut injected = Vec::new();
    for (at, fault) in schedule {
        sleep_until(start + at).await;
        let began = journal.now();
        if let Err(missing) = carry_out(fault, deployment, journal).await {
            println!("  {fault:?} left out: {missing}");
            continue;
        }
        injected.push((fault, began, journal.now()));
    }
    injected
}

async fn carry_out(fault: Fault, deployment: &mut Deployment, journal: &Journal) -> Result<(), &'static str> {
    match fault {
        Fault::KillPostgres => deployment.kill_postgres().await,
        Fault::CutConnections => {
            for _ in 0..10 {
                deployment.network.cut();
                sleep(Duration::from_millis(100)).await;
            }
        }
        Fault::LoseConnections => deployment.network.lose(),
        Fault::Stall(time) => {
            deployment.network.stall(true);
            sleep(time).await;
            deployment.network.stall(false);
        }
        Fault::KillFunctions => kill_functions(deployment).await,
        Fault::KillServer => deployment.kill_server().await,
        Fault::WrongClockOfContainer(seconds) | Fault::WrongClockOfFunctions(seconds) => {
            let clocks = deployment.clocks.as_ref().ok_or("there is no libfaketime")?;
            let is_container = matches!(fault, Fault::WrongClockOfContainer(_));
            let clock = if is_container { &clocks.container } else { &clocks.functions };
            let began = journal.now();
            clock.turn(seconds);
            sleep(WRONG).await;
            clock.turn(0);
            // a request that has begun still has the wrong time
            sleep(Duration::from_secs(1)).await;
            journal.record_wrong_clock(began, journal.now());
        }
    }
    Ok(())
}

/// Kills up to twenty processes that are at work, during a second.
async fn kill_functions(deployment: &Deployment) {
    const FUNCTIONS: [&str; 8] = [
        "answer",
        "cases",
        "auth-login",
        "auth-reset-password",
        "admin-config",
        "config-answer",
        "experiments",
        "export",
    ];
    for _ in 0..200 {
        let functions = FUNCTIONS.into_iter().filter_map(|name| deployment.functions.function(name));
        let at_work = functions.flat_map(Function::processes).find(|process| process.phase() == Phase::Running);
        if let Some(process) = at_work {
            process.kill().await;
            sleep(Duration::from_millis(50)).await;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// The same seed plans the same faults, and each kind occurs within a minute.
pub fn a_seed_always_breaks_the_same() {
    let minute = Duration::from_mins(1);
    let faults = schedule(7, minute);
    assert!(faults == schedule(7, minute) && faults != schedule(8, minute));
    let kinds: std::collections::HashSet<_> = faults.iter().map(|(_, fault)| std::mem::discriminant(fault)).collect();
    assert_eq!(kinds.len(), 8, "{faults:?}");
}
