//! Parses an existing assignment file, to compare it with a design or to continue it.

use indexmap::IndexMap;

use super::display::Lines;
use super::format::Style;
use crate::assignments::file_rows::COLUMNS;
use crate::columns;
use crate::table_text::{Row, Table};

/// The rows of one participant and case.
#[derive(Debug)]
pub struct Written {
    pub user: String,
    pub case: i32,
    pub rows: Vec<WrittenRow>,
}

#[derive(Debug)]
pub struct WrittenRow {
    /// Line in the file; the header is 1.
    pub line: u64,
    pub path: String,
    pub style: Style,
    pub experiment: String,
    pub arm: String,
    pub policy: String,
    pub probability: Option<f64>,
}

impl Written {
    /// Returns the assignment's lines in the file.
    pub fn lines_of_file(&self) -> Vec<u64> {
        self.rows.iter().map(|row| row.line).collect()
    }

    /// Returns the paths that it shows.
    pub fn shown(&self) -> Lines {
        self.rows.iter().map(|row| (row.path.clone(), row.style)).collect()
    }
}

/// Parses a file; assignments are in the order of their first rows.
///
/// # Errors
/// What is wrong, and in which row.
pub fn read(text: &str) -> Result<Vec<Written>, String> {
    let table = Table::parse(text)?;
    let columns = COLUMNS.map(|name| columns::find(&table, &[name]));
    let id = columns::find(&table, &["Assignment"]);
    if let Some((name, _)) = COLUMNS.iter().zip(columns).take(3).find(|(_, column)| column.is_none()) {
        return Err(format!("row 1: the header has no column {name}"));
    }
    let mut written: IndexMap<(String, i32), (&str, Vec<WrittenRow>)> = IndexMap::new();
    for row in &table.rows {
        let at = |problem: String| format!("row {}: {problem}", row.line);
        let id = id.map(|column| row.cell(column)).unwrap_or_default();
        let (user, case, row) = read_row(row, columns).map_err(at)?;
        let (first_id, rows) = written.entry((user, case)).or_insert_with(|| (id, Vec::new()));
        if *first_id != id {
            return Err(at(
                "is a second reading of this participant and case; put second readings into another file".to_owned()
            ));
        }
        rows.push(row);
    }
    Ok(written.into_iter().map(|((user, case), (_, rows))| Written { user, case, rows }).collect())
}

fn read_row(row: &Row, columns: [Option<usize>; COLUMNS.len()]) -> Result<(String, i32, WrittenRow), String> {
    let [user, case, path, collapse, highlight, top, experiment, arm, policy, probability] =
        columns.map(|column| column.map(|column| row.cell(column)).unwrap_or_default());
    let flag = |name: &str, cell: &str| match cell.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        _ => Err(format!("{name} is neither TRUE nor FALSE")),
    };
    let number = |name: &str, cell: &str| match cell {
        "" => Ok(None),
        cell => cell.parse().map(Some).map_err(|_| format!("{name} is not a number")),
    };
    let case = case.parse().map_err(|_| "Case No. is not an integer, or out of range")?;
    let style = Style {
        collapse: flag("Collapse", collapse)?,
        highlight: flag("Highlight", highlight)?,
        top: number("Top", top)?,
    };
    let row = WrittenRow {
        line: row.line,
        path: path.to_owned(),
        style,
        experiment: experiment.to_owned(),
        arm: arm.to_owned(),
        policy: policy.to_owned(),
        probability: number("Probability", probability)?,
    };
    Ok((user.to_owned(), case, row))
}
