//! Compares answers with the truth: sensitivity, specificity, and the area under the ROC curve.

use super::case::Case;
use super::number::{mean, ratio, real};

/// Returns the share of answers to cases with the condition that are positive, over all readers.
pub fn sensitivity(cases: &[&Case], positive: &[bool]) -> Option<f64> {
    share(cases, true, |category| positive[category])
}

/// Returns the share of answers to cases without the condition that are not positive, over all readers.
pub fn specificity(cases: &[&Case], positive: &[bool]) -> Option<f64> {
    share(cases, false, |category| !positive[category])
}

fn share(cases: &[&Case], truth: bool, is_right: impl Fn(usize) -> bool) -> Option<f64> {
    let ratings = || cases.iter().filter(|case| case.truth == Some(truth)).flat_map(|case| &case.ratings);
    ratio(real(ratings().filter(|rating| is_right(rating.category)).count()), real(ratings().count()))
}

/// Returns the area under the empirical ROC curve of all answers together.
pub fn auc(cases: &[&Case], categories: usize) -> Option<f64> {
    let mut counts = Counts::new(categories);
    cases.iter().for_each(|case| case.ratings.iter().for_each(|rating| counts.count(case.truth, rating.category)));
    counts.auc()
}

/// Returns the mean over readers of the area under each reader's ROC curve. Readers without a case of both kinds are left out.
pub fn mean_auc(cases: &[&Case], readers: usize, categories: usize) -> Option<f64> {
    let mut counts = vec![Counts::new(categories); readers];
    for case in cases {
        case.ratings.iter().for_each(|rating| counts[rating.reader].count(case.truth, rating.category));
    }
    mean(counts.iter().filter_map(Counts::auc))
}

/// Counts of each answer for cases with and without the condition.
#[derive(Clone)]
struct Counts {
    with: Vec<usize>,
    without: Vec<usize>,
}

impl Counts {
    fn new(categories: usize) -> Self {
        Self { with: vec![0; categories], without: vec![0; categories] }
    }

    fn count(&mut self, truth: Option<bool>, category: usize) {
        match truth {
            Some(true) => self.with[category] += 1,
            Some(false) => self.without[category] += 1,
            None => {}
        }
    }

    /// Returns the share of pairs in which the case with the condition has the higher answer; ties count half (Mann and Whitney).
    fn auc(&self) -> Option<f64> {
        let (mut below, mut won) = (0, 0.0);
        for (with, without) in self.with.iter().zip(&self.without) {
            won += real(*with) * (real(below) + real(*without) / 2.0);
            below += without;
        }
        ratio(won, real(self.with.iter().sum::<usize>()) * real(below))
    }
}
