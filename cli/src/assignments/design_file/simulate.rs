//! Simulates how balanced a design is over many draws.

use serde::Serialize;

use super::design::Design;
use super::draw::{self, Reading};
use super::probability;
use super::sample::Sample;

/// Summary of many draws of a design.
#[derive(Debug, Serialize)]
pub struct Balance {
    pub simulations: usize,
    pub participants: usize,
    pub cases: usize,
    pub cases_per_participant: usize,
    /// Minimum and maximum readers of a case in any draw, without those of earlier files.
    pub readers_per_case: (usize, usize),
    /// Mean number of different ways to show a reading.
    pub conditions: f64,
    /// Mean of 1 / probability. It is close to `conditions` if weights are unbiased.
    pub mean_weight: f64,
    pub shares: Vec<Share>,
}

/// Share of the readings with an arm or a factor.
#[derive(Debug, Serialize)]
pub struct Share {
    pub name: String,
    /// Share according to the design, as a mean over readings.
    pub planned: f64,
    /// Mean of all simulations.
    pub mean: f64,
    /// The 2.5th and 97.5th percentiles of the simulations.
    pub middle: (f64, f64),
    /// Minimum and maximum share of a participant's readings in any simulation.
    pub of_participant: (f64, f64),
    /// Minimum and maximum share of a case's readings.
    pub of_case: (f64, f64),
    /// Share in each simulation, sorted.
    #[serde(skip)]
    pub by_simulation: Vec<f64>,
    /// Share of each participant in each simulation.
    #[serde(skip)]
    pub by_participant: Vec<f64>,
}

/// Draws a design `simulations` times.
///
/// # Errors
/// Why the design cannot be drawn.
pub fn simulate(design: &Design, sample: &Sample, seed: &str, simulations: usize) -> Result<Balance, String> {
    let mut tallies = tallies(design);
    let (mut weights, mut ways, mut readings) = (0.0, 0.0, 0.0);
    let mut readers_per_case = (usize::MAX, 0);
    for simulation in 1..=simulations {
        let drawn = draw::draw(design, sample, &format!("{seed}\nsimulation {simulation}"))?;
        for reading in &drawn {
            weights += 1.0 / probability::of_reading(design, sample, reading, None);
            ways += conditions(design, sample, reading.case);
            readings += 1.0;
        }
        let mut readers = vec![0; sample.cases.len()];
        drawn.iter().for_each(|reading| readers[reading.case] += 1);
        for number in readers {
            readers_per_case = (readers_per_case.0.min(number), readers_per_case.1.max(number));
        }
        tallies.iter_mut().for_each(|tally| tally.add(design, sample, &drawn));
    }
    Ok(Balance {
        simulations,
        participants: sample.participants.len(),
        cases: sample.cases.len(),
        cases_per_participant: sample.cases_per_participant,
        readers_per_case,
        conditions: ways / readings,
        mean_weight: weights / readings,
        shares: tallies.into_iter().filter_map(Tally::share).collect(),
    })
}

/// Returns the number of ways to show a case.
fn conditions(design: &Design, sample: &Sample, case: usize) -> f64 {
    let of_arm = |draws: &[bool]| -> f64 {
        let factors = design.factors.iter().zip(draws).zip(&sample.cases[case].has);
        let open = factors.filter(|((factor, is_drawn), has)| {
            let probability = probability::of_factor(factor.chance, sample);
            **is_drawn && **has && 0.0 < probability && probability < 1.0
        });
        2_f64.powi(i32::try_from(open.count()).unwrap_or(i32::MAX))
    };
    design.arms.iter().map(|arm| of_arm(&arm.draws)).sum()
}

/// An arm or a factor to count.
#[derive(Clone, Copy)]
enum Counted {
    Arm(usize),
    Factor(usize),
}

/// The counts so far.
struct Tally {
    name: String,
    counted: Counted,
    planned: f64,
    /// Number of readings in which it was possible.
    possible: f64,
    found: f64,
    by_simulation: Vec<f64>,
    by_participant: Vec<f64>,
    by_case: Vec<f64>,
}

fn tallies(design: &Design) -> Vec<Tally> {
    let tally = |name: String, counted| Tally {
        name,
        counted,
        planned: 0.0,
        possible: 0.0,
        found: 0.0,
        by_simulation: Vec::new(),
        by_participant: Vec::new(),
        by_case: Vec::new(),
    };
    let arms = design.arms.iter().enumerate().filter(|_| design.arms.len() > 1);
    let arms = arms.map(|(index, arm)| tally(format!("arm {}", arm.name), Counted::Arm(index)));
    let factors = design.factors.iter().enumerate();
    arms.chain(factors.map(|(index, factor)| tally(factor.name.clone(), Counted::Factor(index)))).collect()
}

impl Tally {
    fn add(&mut self, design: &Design, sample: &Sample, drawn: &[Reading]) {
        let planned = match self.counted {
            Counted::Arm(arm) => probability::of_arm(design, arm, None),
            Counted::Factor(factor) => probability::of_factor(design.factors[factor].chance, sample),
        };
        let is_in = |reading: &Reading| match self.counted {
            Counted::Arm(arm) => Some(reading.arm == arm),
            Counted::Factor(factor) => reading.factors[factor],
        };
        let (mut all, mut participants, mut cases) = (
            Counts::default(),
            vec![Counts::default(); sample.participants.len()],
            vec![Counts::default(); sample.cases.len()],
        );
        for reading in drawn {
            let Some(is_in) = is_in(reading) else { continue };
            for counts in [&mut all, &mut participants[reading.participant], &mut cases[reading.case]] {
                counts.possible += 1.0;
                counts.found += f64::from(u8::from(is_in));
            }
        }
        self.planned += planned * all.possible;
        self.possible += all.possible;
        self.found += all.found;
        self.by_simulation.extend(all.share());
        self.by_participant.extend(participants.iter().filter_map(Counts::share));
        self.by_case.extend(cases.iter().filter_map(Counts::share));
    }

    /// Returns the share, or `None` if it was possible in no reading.
    fn share(mut self) -> Option<Share> {
        self.by_simulation.sort_by(f64::total_cmp);
        let range = |shares: &[f64]| {
            (shares.iter().copied().fold(f64::INFINITY, f64::min), shares.iter().copied().fold(0.0, f64::max))
        };
        (self.possible > 0.0).then(|| Share {
            planned: self.planned / self.possible,
            mean: self.found / self.possible,
            middle: (percentile(&self.by_simulation, 25), percentile(&self.by_simulation, 975)),
            of_participant: range(&self.by_participant),
            of_case: range(&self.by_case),
            name: self.name,
            by_simulation: self.by_simulation,
            by_participant: self.by_participant,
        })
    }
}

#[derive(Clone, Default)]
struct Counts {
    possible: f64,
    found: f64,
}

impl Counts {
    fn share(&self) -> Option<f64> {
        (self.possible > 0.0).then(|| self.found / self.possible)
    }
}

/// Returns the given quantile (in thousandths) of a sorted list.
fn percentile(sorted: &[f64], thousandths: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * thousandths + 500) / 1000).copied().unwrap_or(f64::NAN)
}
