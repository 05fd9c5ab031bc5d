//! Statistics of reader studies, without I/O. `agreement/figure.rs` defines the figures.

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
    /// Index of the answer among the values of the scale, in order if they have one.
    pub category: usize,
}

/// A case with its answers.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// At most one per reader, in the order of readers.
    pub ratings: Vec<Rating>,
    /// Whether the patient has the condition, if known.
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

/// Returns the quotient, or `None` if the divisor is zero.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
