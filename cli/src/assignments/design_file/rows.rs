//! Generates rows of an assignment file (contract, section 6).

use super::design::Design;
use super::display::{Display, Lines};
use super::draw::Reading;
use super::format::{SecondArm, Style};
use super::probability;
use super::sample::Sample;
use crate::assignments::file_rows::COLUMNS;

/// Converts readings to rows.
pub struct Rows<'a> {
    pub design: &'a Design,
    pub sample: &'a Sample,
    pub display: &'a Display,
    pub experiment: &'a str,
    /// How the arms of second readings are drawn; `None` for first readings.
    pub second: Option<SecondArm>,
}

/// The cells of a row.
pub type Cells = [String; COLUMNS.len()];

impl Rows<'_> {
    /// Returns the rows of a reading. `first` is what the participant's first reading of the case showed: an identical assignment would
    /// have the same id and count as answered. So the last path is then repeated, which does not change the page.
    pub fn of(&self, reading: &Reading, first: Option<&Lines>) -> Vec<Cells> {
        let probability = probability::of_reading(self.design, self.sample, reading, self.second).to_string();
        let lines = self.display.lines(reading);
        let row = |(path, style): (&String, &Style)| {
            let [collapse, highlight, top] = cells(style);
            [
                self.sample.participants[reading.participant].email.clone(),
                self.sample.cases[reading.case].id.to_string(),
                path.clone(),
                collapse,
                highlight,
                top,
                self.experiment.to_owned(),
                self.design.arms[reading.arm].name.clone(),
                String::new(),
                probability.clone(),
            ]
        };
        let mut rows: Vec<Cells> = lines.iter().map(row).collect();
        if first.is_some_and(|first| first.iter().eq(lines.iter())) {
            rows.extend(rows.last().cloned());
        }
        rows
    }
}

fn cells(style: &Style) -> [String; 3] {
    let word = |flag: Option<bool>| flag.map(|flag| if flag { "TRUE" } else { "FALSE" }.to_owned()).unwrap_or_default();
    [word(style.collapse), word(style.highlight), style.top.map(|top| top.to_string()).unwrap_or_default()]
}
