#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / real(count))
}

/// Returns the quotient, or `None` if the divisor is zero.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
