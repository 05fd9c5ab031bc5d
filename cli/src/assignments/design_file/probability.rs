//! The allocation probability of a reading: how likely the design was to show this case to this participant in just this way.
//!
//! It is the probability over all draws of the design, before any is made: the share of the arm, multiplied by the probability of what each
//! factor came out as. For a count it is `count` / `of`, wherever in its run the reading stands. Which cases a participant reads, and in
//! which order, is not part of it.

use super::design::{Design, FactorChance};
use super::draw::Reading;
use super::format::SecondArm;
use super::sample::Sample;

/// Returns the probability of an arm. `second` says how the arms of second readings are drawn; none for first readings.
#[expect(clippy::cast_precision_loss, reason = "ratios are small")]
pub fn of_arm(design: &Design, arm: usize, second: Option<SecondArm>) -> f64 {
    let (ratio, sum) = (design.arms[arm].ratio as f64, design.sum_of_ratios() as f64);
    match second {
        Some(SecondArm::Other) => {
            let others = design.arms.iter().enumerate().filter(|(other, _)| *other != arm);
            others.map(|(_, first)| first.ratio as f64 / sum * (ratio / (sum - first.ratio as f64))).sum()
        }
        Some(SecondArm::Same | SecondArm::Drawn) | None => ratio / sum,
    }
}

/// Returns the probability with which a factor is shown.
#[expect(clippy::cast_precision_loss, reason = "a participant has few cases")]
pub fn of_factor(chance: FactorChance, sample: &Sample) -> f64 {
    match chance {
        FactorChance::Independent(probability) => probability,
        FactorChance::Count { count, of } => count as f64 / sample.run_length(of) as f64,
    }
}

/// Returns the allocation probability of a reading; 0 for what the design never draws.
pub fn of_reading(design: &Design, sample: &Sample, reading: &Reading, second: Option<SecondArm>) -> f64 {
    let of_level = |(factor, level): (usize, &Option<bool>)| {
        let shown = of_factor(design.factors[factor].chance, sample);
        match level {
            None => 1.0,
            Some(true) => shown,
            Some(false) => 1.0 - shown,
        }
    };
    of_arm(design, reading.arm, second) * reading.factors.iter().enumerate().map(of_level).product::<f64>()
}
