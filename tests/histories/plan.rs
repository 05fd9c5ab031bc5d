//! The steps of each client and their times, as a function of the seed.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

pub const CLIENTS: usize = 64;
/// Number of participants; each has four clients.
pub const PARTICIPANTS: u32 = 10;
/// Number of accounts whose sessions are tested; each has three clients.
pub const ACCOUNTS: u32 = 4;

/// The time after which a participant's clients move on to the next assignment.
const TIME_PER_CASE: Duration = Duration::from_secs(2);

/// The purpose of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Participant(u32),
    /// Resets the password of an account, logs in, and uses the session.
    Holder(u32),
    Uploader,
    /// Publishes questionnaires and reads the current one.
    Author,
    Experimenter,
    Auditor,
}

/// Destination of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Container,
    Functions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    NextCase,
    /// Answers this assignment, or the one that was offered last.
    Answer {
        case: Option<u32>,
        value: u8,
    },
    /// Resets the password with a new link, or with `again` with the last one.
    Reset {
        again: bool,
    },
    Login,
    Use,
    Logout,
    Upload {
        replaces: bool,
    },
    ReadUpload,
    Publish,
    ReadQuestionnaire,
    /// Creates an experiment with a new `Idempotency-Key`, or with `again` with the last one.
    Create {
        again: bool,
    },
    List,
    SetStatus {
        status: u8,
    },
    ReadStatus,
    ReadTrail,
}

/// A step with its time since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    pub at: Duration,
    pub via: Via,
    pub step: Step,
}

/// Returns a client's role.
pub fn role(client: usize) -> Role {
    let number = u32::try_from(client).unwrap_or_default();
    match client {
        0..40 => Role::Participant(1 + number / 4),
        40..52 => Role::Holder(1 + (number - 40) / 3),
        52..56 => Role::Uploader,
        56..59 => Role::Author,
        59..63 => Role::Experimenter,
        _ => Role::Auditor,
    }
}

/// Returns the number of assignments that a participant needs.
pub fn assignments(duration: Duration) -> u32 {
    case_at(duration) + 1
}

fn case_at(time: Duration) -> u32 {
    u32::try_from(time.as_millis() / TIME_PER_CASE.as_millis()).unwrap_or(u32::MAX - 1) + 1
}

/// Returns the steps of a client.
pub fn plan(seed: u64, client: usize, duration: Duration) -> Vec<Planned> {
    let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(client as u64));
    let role = role(client);
    let pause = pause(role);
    let mut at = pause.mul_f64(random.random());
    let mut steps = Vec::new();
    while at < duration {
        let via = if random.random_bool(0.25) { Via::Functions } else { Via::Container };
        steps.push(Planned { at, via, step: step(role, at, &mut random) });
        at += pause.mul_f64(random.random_range(0.5..1.5));
    }
    steps
}

fn pause(role: Role) -> Duration {
    Duration::from_millis(match role {
        Role::Participant(_) | Role::Author | Role::Experimenter => 500,
        Role::Holder(_) => 400,
        Role::Uploader => 800,
        Role::Auditor => 2000,
    })
}

fn step(role: Role, at: Duration, random: &mut StdRng) -> Step {
    let percent: u32 = random.random_range(0..100);
    let value = random.random_range(0..2);
    match (role, percent) {
        (Role::Participant(_), 0..45) => Step::NextCase,
        (Role::Participant(_), 45..60) => Step::Answer { case: None, value },
        (Role::Participant(_), 60..70) => Step::Answer { case: Some(earlier(at, random)), value },
        (Role::Participant(_), _) => Step::Answer { case: Some(case_at(at)), value },
        (Role::Holder(_), 0..6) => Step::Reset { again: false },
        (Role::Holder(_), 6..8) => Step::Reset { again: true },
        (Role::Holder(_), 8..10) => Step::Logout,
        (Role::Holder(_), 10..25) => Step::Login,
        (Role::Holder(_), _) => Step::Use,
        (Role::Uploader, 0..15) => Step::Upload { replaces: true },
        (Role::Uploader, 15..30) => Step::Upload { replaces: false },
        (Role::Uploader, _) => Step::ReadUpload,
        (Role::Author, 0..25) => Step::Publish,
        (Role::Author, _) => Step::ReadQuestionnaire,
        (Role::Experimenter, 0..15) => Step::Create { again: false },
        (Role::Experimenter, 15..25) => Step::Create { again: true },
        (Role::Experimenter, 25..50) => Step::SetStatus { status: *[0, 1, 2, 3].choose(random).unwrap() },
        (Role::Experimenter, 50..60) => Step::List,
        (Role::Experimenter, _) => Step::ReadStatus,
        (Role::Auditor, _) => Step::ReadTrail,
    }
}

fn earlier(at: Duration, random: &mut StdRng) -> u32 {
    case_at(at).saturating_sub(random.random_range(1..5)).max(1)
}

pub fn equal_seeds_plan_equal_steps_and_different_seeds_different_ones() {
    let minute = Duration::from_mins(1);
    for client in 0..CLIENTS {
        let steps = plan(7, client, minute);
        assert!(steps.len() > 10 && steps == plan(7, client, minute) && steps != plan(8, client, minute), "{client}");
    }
}
