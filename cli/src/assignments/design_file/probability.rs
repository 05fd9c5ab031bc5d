//! The allocation probability of a reading: how likely the design was to show this case to this participant in exactly this way.
//!
//! It is the probability over all draws of the design, before any draw: the share of the arm, multiplied by the probability of each
//! factor's outcome. For a count it is `count` / `of`, wherever in its run the reading is. The choice and order of a participant's cases
//! are not included.

use super::design::{Design, FactorChance};
use super::draw::Reading;
use super::format::SecondArm;
use super::sample::Sample;

/// Returns the probability of an arm. `second` says how the arms of second readings are drawn; it is `None` for first readings.
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

/// Returns the probability that a factor is shown.
#[expect(clippy::cast_precision_loss, reason = "a participant has few cases")]
pub fn of_factor(chance: FactorChance, sample: &Sample) -> f64 {
    match chance {
        FactorChance::Independent(probability) => probability,
        FactorChance::Count { count, of } => count as f64 / sample.run_length(of) as f64,
    }
}

/// Returns the allocation probability of a reading, or 0 if the design cannot draw it.
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
