//! The arms of a study: which paths each shows, and how. CSV with the columns `Arm, Path, Collapse, Highlight, Top`; in a path `*` stands
//! for anything.

use csv::StringRecord;
use indexmap::IndexMap;
use wildmatch::WildMatch;

use crate::failure::Failure;
use crate::input::Input;

const COLUMNS: [&str; 5] = ["Arm", "Path", "Collapse", "Highlight", "Top"];

/// Rows by arm, in order of the file.
pub type Arms = IndexMap<String, Vec<ArmRow>>;

/// What an arm shows, in the words of the file.
#[derive(Debug)]
pub struct ArmRow {
    /// The line of the file; the header is 1.
    pub row: u64,
    pub path: String,
    /// `Collapse`, `Highlight`, `Top`.
    pub style: [String; 3],
    pattern: WildMatch,
}

impl ArmRow {
    /// The paths of a case that this row shows.
    pub fn matching<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        paths.filter(|path| self.pattern.matches(path)).collect()
    }
}

pub fn read(file: &Input) -> Result<Arms, Failure> {
    let text = file.read_text()?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let find = |name| header.iter().position(|column| column == name);
    let columns = COLUMNS.map(find);
    for (name, column) in COLUMNS.iter().zip(columns).take(2) {
        if column.is_none() {
            return Err(file.failure(format!("row 1: the header has no column {name}")));
        }
    }
    let mut arms = Arms::new();
    for record in reader.records() {
        let record = record?;
        let row = record.position().map_or(0, csv::Position::line);
        let at = |problem: String| file.failure(format!("row {row}: {problem}"));
        let (arm, content) = arm_row(row, &record, columns).map_err(at)?;
        arms.entry(arm).or_default().push(content);
    }
    if arms.is_empty() { Err(file.failure("there are no arms")) } else { Ok(arms) }
}

fn arm_row(row: u64, record: &StringRecord, columns: [Option<usize>; 5]) -> Result<(String, ArmRow), String> {
    let [arm, path, collapse, highlight, top] =
        columns.map(|column| column.and_then(|column| record.get(column)).unwrap_or_default().to_owned());
    if arm.is_empty() || path.is_empty() {
        return Err(format!("{} is empty", if arm.is_empty() { "Arm" } else { "Path" }));
    }
    for (name, cell) in [("Collapse", &collapse), ("Highlight", &highlight)] {
        let is_known = ["", "true", "false"].iter().any(|known| cell.eq_ignore_ascii_case(known));
        if !is_known {
            return Err(format!("{name} is neither TRUE nor FALSE"));
        }
    }
    if !top.is_empty() && !top.parse().is_ok_and(f64::is_finite) {
        return Err("Top is not a number".to_owned());
    }
    let pattern = WildMatch::new(&path);
    Ok((arm, ArmRow { row, path, style: [collapse, highlight, top], pattern }))
}
