//! Parses the arms of a study: which paths each shows, and how. CSV with the columns `Arm, Path, Collapse, Highlight, Top`; `*` in a path
//! matches anything.

use indexmap::IndexMap;
use wildmatch::WildMatchPattern;

use crate::columns;
use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::{Row, Table};

const COLUMNS: [&str; 5] = ["Arm", "Path", "Collapse", "Highlight", "Top"];

/// A pattern of paths. Only `*` is special: paths may contain question marks, and cannot contain NUL.
pub type Pattern = WildMatchPattern<'*', '\0'>;

/// Rows by arm, in the order of the file.
pub type Arms = IndexMap<String, Vec<ArmRow>>;

/// A path pattern of an arm, as written in the file.
#[derive(Debug)]
pub struct ArmRow {
    /// Line in the file; the header is 1.
    pub row: u64,
    pub path: String,
    /// `Collapse`, `Highlight`, `Top`.
    pub style: [String; 3],
    pattern: Pattern,
}

impl ArmRow {
    /// Returns the paths of a case that match this row.
    pub fn matching<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        paths.filter(|path| self.pattern.matches(path)).collect()
    }
}

/// Reads the arms of a file, and a note on its columns.
pub fn read(file: &Input) -> Result<(Arms, Option<String>), Failure> {
    let text = file.read_text()?;
    let table = Table::parse(&text).map_err(|problem| file.failure(problem))?;
    let found = COLUMNS.map(|name| columns::find(&table, &[name]));
    for (name, column) in COLUMNS.iter().zip(found).take(2) {
        if column.is_none() {
            return Err(file.failure(format!("row 1: the header has no column {name}")));
        }
    }
    let mut arms = Arms::new();
    for row in &table.rows {
        let at = |problem: String| file.failure(format!("row {}: {problem}", row.line));
        let (arm, content) = arm_row(row, found).map_err(at)?;
        arms.entry(arm).or_default().push(content);
    }
    let note = columns::note(&table, found.into_iter().flatten());
    if arms.is_empty() { Err(file.failure("there are no arms")) } else { Ok((arms, note)) }
}

fn arm_row(row: &Row, columns: [Option<usize>; 5]) -> Result<(String, ArmRow), String> {
    let [arm, path, collapse, highlight, top] =
        columns.map(|column| column.map(|column| row.cell(column)).unwrap_or_default().to_owned());
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
    let pattern = Pattern::new(&path);
    Ok((arm, ArmRow { row: row.line, path, style: [collapse, highlight, top], pattern }))
}
