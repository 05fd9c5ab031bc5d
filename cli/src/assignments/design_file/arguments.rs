//! What `generate` takes with a design file.

use chrono::NaiveDate;
use clap::Args;

use crate::input::Input;
use crate::output::Output;

// clap lets `requires` pass where the required one conflicts with another that is given: so each conflicts with `arms` itself
#[derive(Debug, Args)]
pub struct DesignArguments {
    /// A design (TOML): factors with probabilities, arms with ratios, strata, exclusions. docs/study.md describes its keys.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["arms", "design", "cases_per_participant"])]
    pub design_file: Option<Input>,
    /// Cases and what they are stratified by: CSV with a column `case_id`.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "cases"])]
    pub case_list: Option<Input>,
    /// An assignment file that the design made before. Its participants are left out, and its readings count: late joiners read what the
    /// fewest have. May be given several times.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with = "arms")]
    pub after: Vec<Input>,
    /// The assignment file of first readings: make the file of second readings of the same cases.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "after", "cases", "simulate"])]
    pub second_reading_of: Option<Input>,
    /// The first day of second readings, for a washout in days.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "second_reading_of")]
    pub opens: Option<NaiveDate>,
    /// Say whether an assignment file could have come from the design, and name each row that could not. Writes nothing; ends with 1 if
    /// a row could not.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "simulate", "out"])]
    pub check: Option<Input>,
    /// Draw the design N times and show how even it comes out. Writes no assignments.
    #[arg(long, value_name = "N", requires = "design_file", conflicts_with_all = ["arms", "out"], value_parser = clap::value_parser!(u32).range(1..))]
    pub simulate: Option<u32>,
    /// With --simulate: write a page with plots too. It needs nothing else.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    pub html: Option<Output>,
}
