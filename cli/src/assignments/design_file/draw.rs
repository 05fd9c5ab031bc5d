//! Draws readings: participant, case, order, arm and factors.
//!
//! Each participant has a separate random stream, so that the result does not depend on the number of other participants.

use super::blocks;
use super::deal::Deal;
use super::design::{Design, FactorChance};
use super::format::{SecondArm, SecondReadingTable, Unit};
use super::sample::Sample;
use crate::random::SeededRng;

/// With exclusions the last participant may be unable to read the remaining cases. Then all cases are dealt again.
const ATTEMPTS: usize = 200;

/// One participant's reading of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Indexes into the sample and the design.
    pub participant: usize,
    pub case: usize,
    pub arm: usize,
    /// For each factor, whether it is shown; `None` if it is not drawn, because the arm leaves it out or the case has none of its paths.
    pub factors: Vec<Option<bool>>,
}

/// The first reading that a second one repeats: indexes of its case and arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstReading {
    pub case: usize,
    pub arm: usize,
}

/// Draws the readings of all participants of a sample, each participant's in reading order.
///
/// # Errors
/// If the exclusions make it impossible to give all participants their cases.
pub fn draw(design: &Design, sample: &Sample, seed: &str) -> Result<Vec<Reading>, String> {
    let mut order: Vec<usize> = (0..sample.participants.len()).collect();
    stream(seed, "participants", "").shuffle(&mut order);
    let dealt = (0..ATTEMPTS).find_map(|attempt| deal(sample, &order, seed, attempt)).ok_or_else(|| {
        "exclude: found no way to give every participant cases_per_participant cases and every case \
         readers_per_case readers"
            .to_owned()
    })?;
    let mut arms_of_strata = ArmsOfParticipants::new(design, sample, seed);
    let mut readings = Vec::with_capacity(order.len() * sample.cases_per_participant);
    for (&participant, mut cases) in order.iter().zip(dealt) {
        let mut rng = stream(seed, "readings", &sample.participants[participant].email);
        rng.shuffle(&mut cases);
        let arms = match design.arms_by {
            Unit::Participant => vec![arms_of_strata.next(participant); cases.len()],
            Unit::Reading => arms_of_readings(design, sample, &cases, &mut rng),
        };
        readings.extend(with_factors(design, sample, participant, cases.into_iter().zip(arms).collect(), &mut rng));
    }
    Ok(readings)
}

/// Draws second readings. `first` has each participant's first readings in order.
///
/// # Errors
/// If a participant has too few readings for the washout.
pub fn draw_second(
    design: &Design,
    sample: &Sample,
    second: SecondReadingTable,
    first: &[Vec<FirstReading>],
    seed: &str,
) -> Result<Vec<Reading>, String> {
    let ratios = ratios(design);
    let mut arms_of_strata = ArmsOfParticipants::new(design, sample, &format!("{seed}\nsecond"));
    let mut readings = Vec::new();
    for (participant, first) in first.iter().enumerate() {
        if second.washout_positions >= first.len() {
            return Err(format!(
                "second_reading.washout_positions: {} other readings cannot be between the two readings of a case where a \
                 participant has {} cases",
                second.washout_positions,
                first.len()
            ));
        }
        let mut rng = stream(seed, "second readings", &sample.participants[participant].email);
        let order = blocks::second_order(first.len(), second.washout_positions, &mut rng);
        let cases: Vec<usize> = order.iter().map(|&place| first[place].case).collect();
        let arm_of_first = |place: usize, rng: &mut SeededRng| match second.arm {
            SecondArm::Other => blocks::other_arm(&ratios, first[place].arm, rng),
            SecondArm::Same | SecondArm::Drawn => first[place].arm,
        };
        let arms = match (second.arm, design.arms_by) {
            (SecondArm::Drawn, Unit::Participant) => vec![arms_of_strata.next(participant); cases.len()],
            (SecondArm::Drawn, Unit::Reading) => arms_of_readings(design, sample, &cases, &mut rng),
            (_, Unit::Participant) => vec![arm_of_first(order[0], &mut rng); cases.len()],
            (_, Unit::Reading) => order.iter().map(|&place| arm_of_first(place, &mut rng)).collect(),
        };
        readings.extend(with_factors(design, sample, participant, cases.into_iter().zip(arms).collect(), &mut rng));
    }
    Ok(readings)
}

fn stream(seed: &str, what: &str, whose: &str) -> SeededRng {
    SeededRng::from_seed(&format!("{seed}\n{what}\n{whose}"))
}

fn deal(sample: &Sample, order: &[usize], seed: &str, attempt: usize) -> Option<Vec<Vec<usize>>> {
    let mut deal = Deal::new(sample);
    let what = format!("cases {attempt}");
    let give = |&participant: &usize| {
        deal.give(participant, &mut stream(seed, &what, &sample.participants[participant].email))
    };
    order.iter().map(give).collect()
}

fn ratios(design: &Design) -> Vec<usize> {
    design.arms.iter().map(|arm| arm.ratio).collect()
}

/// Arms of participants, in blocks within each stratum, continuing those of earlier files.
struct ArmsOfParticipants {
    strata: Vec<usize>,
    arms: Vec<std::vec::IntoIter<usize>>,
}

impl ArmsOfParticipants {
    fn new(design: &Design, sample: &Sample, seed: &str) -> Self {
        let strata: Vec<usize> = sample.participants.iter().map(|participant| participant.stratum).collect();
        let of_stratum = |(stratum, name): (usize, &String)| {
            let earlier = sample.taken.in_stratum(stratum);
            let number = earlier + strata.iter().filter(|other| **other == stratum).count();
            let mut rng = stream(seed, "arms", name);
            let mut arms = blocks::arms(&ratios(design), design.arms_block, number, &mut rng);
            arms.drain(..earlier);
            arms.into_iter()
        };
        let arms = sample.participant_strata.iter().enumerate().map(of_stratum).collect();
        Self { strata, arms }
    }

    fn next(&mut self, participant: usize) -> usize {
        self.arms[self.strata[participant]].next().unwrap_or(0)
    }
}

/// Returns the arms of a participant's readings, in blocks within each stratum of cases.
fn arms_of_readings(design: &Design, sample: &Sample, cases: &[usize], rng: &mut SeededRng) -> Vec<usize> {
    let stratum = |case: &usize| sample.cases[*case].stratum;
    let mut arms = vec![0; cases.len()];
    for of_stratum in 0..=cases.iter().map(stratum).max().unwrap_or(0) {
        let places = cases.iter().enumerate().filter(|(_, case)| stratum(case) == of_stratum);
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let drawn = blocks::arms(&ratios(design), design.arms_block, places.len(), rng);
        places.into_iter().zip(drawn).for_each(|(place, arm)| arms[place] = arm);
    }
    arms
}

fn with_factors(
    design: &Design,
    sample: &Sample,
    participant: usize,
    cases_and_arms: Vec<(usize, usize)>,
    rng: &mut SeededRng,
) -> Vec<Reading> {
    let number = cases_and_arms.len();
    let mut of_factor = |factor: FactorChance| match factor {
        FactorChance::Independent(probability) => (0..number).map(|_| rng.happens(probability)).collect(),
        FactorChance::Count { count, of } => blocks::counted(count, sample.run_length(of), number, rng),
    };
    let drawn: Vec<Vec<bool>> = design.factors.iter().map(|factor| of_factor(factor.chance)).collect();
    let reading = |(place, (case, arm)): (usize, (usize, usize))| {
        let is_drawn = |factor: usize| design.arms[arm].draws[factor] && sample.cases[case].has[factor];
        let factors =
            drawn.iter().enumerate().map(|(factor, shown)| is_drawn(factor).then_some(shown[place])).collect();
        Reading { participant, case, arm, factors }
    };
    cases_and_arms.into_iter().enumerate().map(reading).collect()
}
