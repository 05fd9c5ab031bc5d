//! Bootstrap intervals over cases.

use super::case::Case;
use super::number::real;
use crate::random::SeededRng;

/// Settings of the resampling.
#[derive(Clone, Copy, Debug)]
pub struct Resampling {
    pub resamples: usize,
    /// 0.95 for intervals from the 2.5th to the 97.5th percentile.
    pub confidence: f64,
}

/// A percentile interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Maximum share of resamples in which a figure with an interval is undefined.
const MAX_UNDEFINED: f64 = 0.05;

/// Returns an interval for each figure: cases are resampled with replacement, with all their answers.
pub fn intervals(
    cases: &[Case],
    resampling: Resampling,
    rng: &mut SeededRng,
    figures: impl Fn(&[&Case]) -> Vec<Option<f64>>,
) -> Vec<Option<Interval>> {
    let mut drawn: Vec<Vec<f64>> = Vec::new();
    for _ in 0..resampling.resamples {
        let resample: Vec<&Case> = cases.iter().map(|_| &cases[rng.below(cases.len())]).collect();
        let values = figures(&resample);
        drawn.resize(values.len(), Vec::new());
        drawn.iter_mut().zip(values).for_each(|(drawn, value)| drawn.extend(value));
    }
    drawn.into_iter().map(|values| interval(values, resampling)).collect()
}

fn interval(mut values: Vec<f64>, Resampling { resamples, confidence }: Resampling) -> Option<Interval> {
    if values.is_empty() || real(values.len()) < real(resamples) * (1.0 - MAX_UNDEFINED) {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval { low: quantile(&values, tail), high: quantile(&values, 1.0 - tail) })
}

/// Returns a quantile of sorted values, interpolated between neighbours (type 7 of Hyndman and Fan).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the number of values")]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * real(sorted.len() - 1);
    let index = (place.floor() as usize).min(sorted.len() - 1);
    let next = sorted[(index + 1).min(sorted.len() - 1)];
    sorted[index] + (place - place.floor()) * (next - sorted[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_equal_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8], [0.025, 0.5, 0.975])
        let quantiles = [0.025, 0.5, 0.975].map(|share| quantile(&[1.0, 2.0, 4.0, 8.0], share));
        for (quantile, expected) in quantiles.into_iter().zip([1.075, 3.0, 7.7]) {
            assert!((quantile - expected).abs() < 1e-12, "{quantile} is not {expected}");
        }
    }

    #[test]
    fn a_figure_that_is_undefined_in_too_many_resamples_has_no_interval() {
        let resampling = Resampling { resamples: 100, confidence: 0.95 };

        assert_eq!(interval(vec![1.0; 94], resampling), None);
        assert_eq!(interval(vec![1.0; 95], resampling), Some(Interval { low: 1.0, high: 1.0 }));
    }
}
