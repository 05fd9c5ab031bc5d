//! Krippendorff's alpha.

use super::case::Case;
use super::number::{ratio, real};

/// Distance between two values.
#[derive(Clone, Copy, Debug)]
pub enum Distance<'a> {
    /// All different values are equally far apart.
    Nominal,
    /// By the number of answers between them.
    Ordinal,
    /// By the categories' numbers.
    Interval(&'a [f64]),
}

/// Returns Krippendorff's alpha over all cases with at least two answers. Answers may be missing.
pub fn krippendorff_alpha(cases: &[&Case], categories: usize, distance: Distance<'_>) -> Option<f64> {
    let mut counts = vec![0; categories];
    let pairable = || cases.iter().filter(|case| case.ratings.len() > 1);
    pairable().flat_map(|case| &case.ratings).for_each(|rating| counts[rating.category] += 1);
    let squared = Squared::of(distance, &counts);

    let mut observed = 0.0;
    for case in pairable() {
        let weight = 1.0 / real(case.ratings.len() - 1);
        for (index, one) in case.ratings.iter().enumerate() {
            let others = case.ratings[..index].iter();
            observed += others.map(|other| weight * squared.distance(one.category, other.category)).sum::<f64>();
        }
    }
    let mut expected = 0.0;
    for one in (0..categories).filter(|category| counts[*category] > 0) {
        let of_others = (0..one).map(|other| real(counts[one] * counts[other]) * squared.distance(one, other));
        expected += of_others.sum::<f64>();
    }
    let pairs = real(counts.iter().sum::<usize>()) - 1.0;
    ratio(pairs * observed, expected).map(|disagreement| 1.0 - disagreement)
}

/// Squared distances between categories.
struct Squared<'a> {
    distance: Distance<'a>,
    /// Number of answers below the middle of each category: half of its own, and all before it.
    middles: Vec<f64>,
}

impl<'a> Squared<'a> {
    fn of(distance: Distance<'a>, counts: &[usize]) -> Self {
        let before = counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum - count)
        });
        let middles = before.zip(counts).map(|(before, count)| real(before) + real(*count) / 2.0).collect();
        Self { distance, middles }
    }

    fn distance(&self, one: usize, other: usize) -> f64 {
        match self.distance {
            Distance::Nominal => f64::from(one != other),
            Distance::Ordinal => (self.middles[one] - self.middles[other]).powi(2),
            Distance::Interval(numbers) => (numbers[one] - numbers[other]).powi(2),
        }
    }
}
