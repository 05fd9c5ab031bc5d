//! Arguments of `generate` for a design file.

use chrono::NaiveDate;
use clap::Args;

use crate::input::Input;
use crate::output::Output;

// clap ignores `requires` if the required argument conflicts with a given one, so each argument itself conflicts with `arms`
#[derive(Debug, Args)]
pub struct DesignArguments {
    /// A design (TOML): factors with probabilities, arms with ratios, strata, exclusions. docs/study.md describes its keys.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["arms", "design", "cases_per_participant"])]
    pub design_file: Option<Input>,
    /// Cases and their strata: CSV with a column `case_id`.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "cases"])]
    pub case_list: Option<Input>,
    /// An assignment file that the design produced earlier. Its participants are left out, and its readings count: late joiners read the
    /// cases with the fewest readers. May be repeated.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with = "arms")]
    pub after: Vec<Input>,
    /// The assignment file of the first readings: generate second readings of the same cases.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "after", "cases", "simulate"])]
    pub second_reading_of: Option<Input>,
    /// The first day of second readings, for a washout in days.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "second_reading_of")]
    pub opens: Option<NaiveDate>,
    /// Check whether the design could have produced an assignment file, and list the rows that it could not have produced. Writes nothing;
    /// exits with 1 if there is such a row.
    #[arg(long, value_name = "FILE", requires = "design_file", conflicts_with_all = ["arms", "simulate", "out"])]
    pub check: Option<Input>,
    /// Draw the design N times and show how balanced it is. Writes no assignments.
    #[arg(long, value_name = "N", requires = "design_file", conflicts_with_all = ["arms", "out"], value_parser = clap::value_parser!(u32).range(1..))]
    pub simulate: Option<u32>,
    /// With --simulate: also write a self-contained page with plots.
    #[arg(long, value_name = "FILE", requires = "simulate")]
    pub html: Option<Output>,
}
