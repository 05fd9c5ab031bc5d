//! Prints the results as tables, and writes docs/performance.md with its plot.

use std::fmt::{self, Display};
use std::fs;
use std::path::Path;
use std::time::Duration;

use comfy_table::{Table, presets};
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::Failure;
use crate::machine::Machine;

/// The text between these markers is generated.
const BEGIN: &str = "<!-- bench-all begins -->";
const END: &str = "<!-- bench-all ends -->";

/// Results of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: Machine,
    pub patients: Vec<u32>,
    pub minutes: u64,
    pub sections: Vec<Section>,
}

/// The results of one benchmark.
#[derive(Debug, Default, Serialize)]
pub struct Section {
    pub title: String,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
    pub verdicts: Vec<Verdict>,
    /// Parts that could not be measured, with the reason.
    pub failures: Vec<String>,
}

/// A figure compared with its reference.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub what: String,
    pub measured: String,
    pub reference: String,
    /// `measured` divided by `reference`, with two decimals.
    pub ratio: String,
    /// The target, such as `≥ 0.80`.
    pub reach: String,
    pub is_reached: bool,
    /// Ratio to the target: at least 1 reaches it, more is better.
    pub attained: f64,
}

/// Target of a ratio.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    AtLeast(f64),
    AtMost(f64),
}

impl Verdict {
    /// Compares `measured` with `reference`, both as text; `ratio` is the first divided by the second.
    pub fn new(what: impl Into<String>, measured: String, reference: String, ratio: f64, reach: Reach) -> Self {
        let (attained, reach) = match reach {
            Reach::AtLeast(least) => (ratio / least, format!("≥ {least:.2}")),
            Reach::AtMost(most) => (most / ratio, format!("≤ {most:.2}")),
        };
        let ratio = format!("{ratio:.2}");
        Self { what: what.into(), measured, reference, ratio, reach, is_reached: attained >= 1.0, attained }
    }
}

impl Section {
    pub fn new(title: &str, columns: &[&'static str]) -> Self {
        Self { title: title.to_owned(), columns: columns.to_vec(), ..Self::default() }
    }

    /// Returns the section of a benchmark that failed completely.
    pub fn failed(title: &str, why: &str) -> Self {
        Self { title: title.to_owned(), failures: vec![why.to_owned()], ..Self::default() }
    }

    /// Records that a part could not be measured.
    pub fn fail(&mut self, what: &str, why: &Failure) {
        self.failures.push(format!("{what}: {why}"));
    }
}

impl Report {
    /// Returns whether everything was measured.
    pub fn is_complete(&self) -> bool {
        self.sections.iter().all(|section| section.failures.is_empty())
    }

    /// Replaces the generated part of performance.md in this directory, and its plot.
    pub fn write(&self, directory: &Path) -> Result<(), Failure> {
        let path = directory.join("performance.md");
        let document = fs::read_to_string(&path)?;
        let results = render(include_str!("performance.md.jinja"), self)?;
        fs::write(&path, with_results(&document, &results)?)?;
        Ok(fs::write(directory.join("performance.svg"), render(include_str!("performance.svg.jinja"), self)?)?)
    }
}

fn render(template: &str, report: &Report) -> Result<String, Failure> {
    Ok(Environment::new().render_str(template, minijinja::Value::from(Serde(report)))?)
}

/// Returns `document` with `results` between the markers.
fn with_results(document: &str, results: &str) -> Result<String, Failure> {
    let before = document.split_once(BEGIN).ok_or("performance.md has no mark where results begin")?.0;
    let after = document.split_once(END).ok_or("performance.md has no mark where results end")?.1;
    Ok(format!("{before}{BEGIN}\n{}\n{END}{after}", results.trim()))
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["", "measured", "reference", "ratio", "target", "reached"]);
        for verdict in self.sections.iter().flat_map(|section| &section.verdicts) {
            let mark = if verdict.is_reached { "yes" } else { "NO" };
            let Verdict { what, measured, reference, ratio, reach, .. } = verdict;
            table.add_row([what.as_str(), measured, reference, ratio, reach, mark]);
        }
        write!(f, "{table}")?;
        self.sections
            .iter()
            .flat_map(|section| &section.failures)
            .try_for_each(|failure| write!(f, "\nFAILED {failure}"))
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(&self.columns);
        table.add_rows(&self.rows);
        write!(f, "{table}")?;
        self.failures.iter().try_for_each(|failure| write!(f, "\nFAILED {failure}"))
    }
}

/// Formats as `12,345`.
pub fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Formats as milliseconds with two decimals.
pub fn milliseconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

/// Formats as whole microseconds.
pub fn microseconds(time: Duration) -> String {
    count(time.as_secs_f64() * 1e6)
}

/// Formats as megabytes with one decimal.
pub fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one digit is printed")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1}")
}

/// Returns the ratio of two durations.
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_reaches_a_minimum_from_above_and_a_maximum_from_below() {
        let verdict = |ratio, reach| Verdict::new("", String::new(), String::new(), ratio, reach);

        assert!(verdict(0.81, Reach::AtLeast(0.8)).is_reached);
        assert!(!verdict(0.79, Reach::AtLeast(0.8)).is_reached);
        assert!(verdict(1.2, Reach::AtMost(1.3)).is_reached);
        assert!(!verdict(1.4, Reach::AtMost(1.3)).is_reached);
    }

    #[test]
    fn new_results_replace_only_the_previous_results() {
        let document = format!("# By hand\n\n{BEGIN}\nold\n{END}\n\nBy hand too\n");

        assert_eq!(with_results(&document, "new\n").unwrap(), document.replace("old", "new"));
        assert!(with_results("# By hand", "new").is_err());
    }

    #[test]
    fn document_and_plot_have_a_line_for_each_figure() {
        let machine = Machine {
            cpu: "CPU".into(),
            cores: 2,
            memory: 24,
            kernel: "6.1".into(),
            postgresql: "15.14".into(),
            date: "2026-11-23".into(),
            commit: "abc".into(),
        };
        let verdict = Verdict::new("cases", "9/s".into(), "10/s".into(), 0.9, Reach::AtLeast(0.8));
        let section = Section {
            verdicts: vec![verdict],
            rows: vec![vec!["a".into(), "b".into()]],
            ..Section::new("Title", &["one", "two"])
        };
        let report = Report { machine, patients: vec![1, 2], minutes: 3, sections: vec![section] };

        let document = render(include_str!("performance.md.jinja"), &report).unwrap();
        let plot = render(include_str!("performance.svg.jinja"), &report).unwrap();

        assert!(document.contains("\n| cases | 9/s | 10/s | 0.90 | ≥ 0.80 | yes |\n"), "{document}");
        assert!(document.contains("\n### Title\n\n| one | two |\n| --- | --- |\n| a | b |\n"), "{document}");
        assert!(plot.contains(r#"<rect x="310" y="40" width="338.0""#), "{plot}");
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0.0, 999.4, 1000.0, 1_234_567.0].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
