//! The intraclass correlation ICC(2,1).

use super::case::Case;
use super::number::{mean, ratio, real};

/// Returns ICC(2,1): two-way random effects, absolute agreement, one reader. Only cases that every reader has answered count.
pub fn icc_2_1(cases: &[&Case], readers: usize, numbers: &[f64]) -> Option<f64> {
    let complete = cases.iter().filter(|case| case.ratings.len() == readers);
    let rows: Vec<Vec<f64>> =
        complete.map(|case| case.ratings.iter().map(|rating| numbers[rating.category]).collect()).collect();
    if rows.len() < 2 || readers < 2 {
        return None;
    }
    let (cases, readers_count) = (real(rows.len()), real(readers));
    let grand = mean(rows.iter().flatten().copied())?;
    let row_means: Vec<f64> = rows.iter().filter_map(|row| mean(row.iter().copied())).collect();
    let column_means: Vec<f64> = (0..readers).filter_map(|reader| mean(rows.iter().map(|row| row[reader]))).collect();

    let between_cases = readers_count * squares(&row_means, grand) / (cases - 1.0);
    let between_readers = cases * squares(&column_means, grand) / (readers_count - 1.0);
    let residuals = rows.iter().zip(&row_means).map(|(row, row_mean)| {
        row.iter()
            .zip(&column_means)
            .map(|(value, column_mean)| (value - row_mean - column_mean + grand).powi(2))
            .sum::<f64>()
    });
    let residual = residuals.sum::<f64>() / ((cases - 1.0) * (readers_count - 1.0));

    let whole = between_cases + (readers_count - 1.0) * residual + readers_count * (between_readers - residual) / cases;
    ratio(between_cases - residual, whole)
}

fn squares(values: &[f64], center: f64) -> f64 {
    values.iter().map(|value| (value - center).powi(2)).sum()
}
