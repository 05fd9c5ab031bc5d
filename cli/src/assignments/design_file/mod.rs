//! Design files (docs/study.md, "A design file"): what each reading shows is drawn with stated probabilities.
//!
//! A *reading* is one participant's reading of one case. A *factor* is a set of paths that a reading shows or hides together. An *arm*
//! shows paths of its own and determines which factors are drawn. A *sample* is the participants and cases of a study.

mod arguments;
mod balance_report;
mod blocks;
mod check;
mod check_balance;
mod command;
mod comparison;
mod deal;
mod design;
mod display;
mod draw;
mod earlier;
mod exclusions;
mod format;
mod probability;
mod problem;
mod reports;
mod rows;
mod sample;
mod simulate;
mod strata;
mod study;
#[cfg(test)]
mod tests;
mod washout;
mod written;

pub use arguments::DesignArguments;
pub use command::run;
pub use study::Given;
