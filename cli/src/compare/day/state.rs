use super::settings::Day;
use crate::compare::outcome::Outcome;
use crate::random::SeededRng;
use crate::waiting::Bar;

/// Maximum number of cases per participant.
pub(super) const CASES_EACH: usize = 4;

/// State of a day.
pub struct Play<'a> {
    pub(super) day: &'a Day<'a>,
    pub(super) rng: SeededRng,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) bar: Bar,
}

impl<'a> Play<'a> {
    pub fn of(day: &'a Day<'a>, rng: SeededRng) -> Self {
        let expected = u64::from(day.participants) * (CASES_EACH as u64 * 5 + 2) + 30;
        Self { day, rng, outcomes: Vec::new(), bar: Bar::new("a day", expected) }
    }
}
