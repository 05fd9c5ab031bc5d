//! Statistics of reader studies, without input or output. What each figure means: `agreement/figure.rs`.

mod alpha;
mod auc;
mod bootstrap;
mod icc;
mod kappa;

pub use alpha::{Distance, krippendorff_alpha};
pub use auc::{auc, mean_auc, sensitivity, specificity};
pub use bootstrap::{Interval, Resampling, intervals};
pub use icc::icc_2_1;
pub use kappa::{fleiss_kappa, mean_cohen_kappa, percent_agreement};

/// A reader's answer to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 0.
    pub reader: usize,
    /// The place of the answer among all values of the scale, from 0; in their order where they have one.
    pub category: usize,
}

/// A case, and the answers to it.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// At most one of each reader, in the order of readers.
    pub ratings: Vec<Rating>,
    /// Whether the patient has the condition, where that is known.
    pub truth: Option<bool>,
}

#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / real(count))
}

/// Returns the quotient, unless there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
