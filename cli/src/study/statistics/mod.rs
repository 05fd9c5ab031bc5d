//! Statistics of reader studies, without I/O. `agreement/figure.rs` defines the figures.

mod alpha;
mod auc;
mod bootstrap;
mod case;
mod icc;
mod kappa;
mod number;

pub use alpha::{Distance, krippendorff_alpha};
pub use auc::{auc, mean_auc, sensitivity, specificity};
pub use bootstrap::{Interval, Resampling, intervals};
pub use case::{Case, Rating};
pub use icc::icc_2_1;
pub use kappa::{fleiss_kappa, mean_cohen_kappa, percent_agreement};
