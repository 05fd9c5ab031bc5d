//! Percent agreement, and the kappas of Cohen and Fleiss.

use super::case::Case;
use super::number::{mean, ratio, real};

/// Returns the share of equal pairs of answers to a case, as a mean over cases with at least two answers.
pub fn percent_agreement(cases: &[&Case]) -> Option<f64> {
    mean(cases.iter().filter_map(|case| equal_pairs(case)))
}

fn equal_pairs(case: &Case) -> Option<f64> {
    let ratings = &case.ratings;
    let pairs = ratings.len() * ratings.len().saturating_sub(1) / 2;
    let equal = |index: usize| ratings[..index].iter().filter(move |one| one.category == ratings[index].category);
    ratio(real((0..ratings.len()).map(|index| equal(index).count()).sum()), real(pairs))
}

/// Returns Fleiss' kappa. If cases have different numbers of answers, it is Gwet's generalisation: a category's chance is the mean over
/// cases of its share of the case's answers.
pub fn fleiss_kappa(cases: &[&Case], categories: usize) -> Option<f64> {
    let mut shares = vec![0.0; categories];
    for case in cases {
        let answers = real(case.ratings.len());
        case.ratings.iter().for_each(|rating| shares[rating.category] += 1.0 / answers);
    }
    let rated = real(cases.iter().filter(|case| !case.ratings.is_empty()).count());
    let chance = shares.iter().map(|share| (share / rated).powi(2)).sum();
    corrected(percent_agreement(cases)?, chance)
}

/// Returns Cohen's kappa of two readers; for more readers the mean over all pairs with two cases in common (Light's kappa). Pairs without a
/// defined kappa, because both always gave the same answer, are left out.
pub fn mean_cohen_kappa(cases: &[&Case], readers: usize, categories: usize) -> Option<f64> {
    let mut pairs = vec![Pair::default(); readers * readers];
    for case in cases {
        for (index, second) in case.ratings.iter().enumerate() {
            for first in &case.ratings[..index] {
                pairs[first.reader * readers + second.reader].count(first.category, second.category, categories);
            }
        }
    }
    mean(pairs.iter().filter_map(Pair::kappa))
}

/// Cases that two readers have in common.
#[derive(Clone, Default)]
struct Pair {
    cases: usize,
    equal: usize,
    /// Counts of each reader's answers.
    first: Vec<usize>,
    second: Vec<usize>,
}

impl Pair {
    fn count(&mut self, first: usize, second: usize, categories: usize) {
        self.first.resize(categories, 0);
        self.second.resize(categories, 0);
        self.cases += 1;
        self.equal += usize::from(first == second);
        self.first[first] += 1;
        self.second[second] += 1;
    }

    fn kappa(&self) -> Option<f64> {
        if self.cases < 2 {
            return None;
        }
        let cases = real(self.cases);
        let by_chance: usize = self.first.iter().zip(&self.second).map(|(first, second)| first * second).sum();
        corrected(real(self.equal) / cases, real(by_chance) / (cases * cases))
    }
}

/// Returns the agreement beyond chance, or `None` if chance explains everything.
fn corrected(observed: f64, chance: f64) -> Option<f64> {
    // sums of shares differ from 1 by rounding
    (1.0 - chance > 1e-12).then(|| (observed - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::statistics::Rating;

    #[test]
    fn pairs_with_a_single_case_in_common_are_excluded_from_the_mean() {
        let case = |answers: &[(usize, usize)]| Case {
            ratings: answers.iter().map(|(reader, category)| Rating { reader: *reader, category: *category }).collect(),
            truth: None,
        };
        let cases = [case(&[(0, 0), (1, 0)]), case(&[(0, 1), (1, 1)]), case(&[(0, 1), (1, 1), (2, 0)])];

        assert_eq!(mean_cohen_kappa(&cases.iter().collect::<Vec<_>>(), 3, 2), Some(1.0));
    }
}
