//! Parses small tables from spreadsheets and services, separated by commas, semicolons or tabs.

use crate::load::{ODD_CELL, QuoteFaults, Watched, lines_of_rows};

/// A header and rows.
#[derive(Debug)]
pub struct Table {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

/// A row with a non-empty cell.
#[derive(Debug)]
pub struct Row {
    /// Line number from 1; the header is 1.
    pub line: u64,
    cells: Vec<String>,
}

impl Row {
    /// Returns the trimmed text of a cell.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }

    /// Returns all cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(String::as_str)
    }
}

impl Table {
    /// Parses a table. Ignores empty columns and cells at the end, and rows without a value.
    ///
    /// # Errors
    /// What is wrong, and in which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (delimiter, skipped, text) = delimiter(text);
        let quote_faults = QuoteFaults::default();
        let watched = Watched::new(text.as_bytes(), delimiter, quote_faults.clone());
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(watched);
        let unreadable =
            |error: csv::Error| format!("line {}: not CSV", error.position().map_or(0, csv::Position::line));
        let header = reader.headers().map_err(unreadable)?;
        let mut header: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
        header.truncate(header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
        let (mut at, mut rows) = (Vec::new(), Vec::new());
        for record in reader.into_records() {
            let record = record.map_err(unreadable)?;
            let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
            cells.truncate(cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1));
            if !cells.is_empty() {
                at.push(record.position().map_or(0, csv::Position::byte));
                rows.push(cells);
            }
        }
        let line_of = |at: &[u64]| {
            let lines = lines_of_rows(text.as_bytes(), at).unwrap_or_default();
            lines.into_iter().map(|line| line + skipped).collect::<Vec<_>>()
        };
        if let Some(at) = quote_faults.unclosed() {
            let line = line_of(&[at]).into_iter().next().unwrap_or_default();
            return Err(format!("line {line}: this quote is never closed"));
        }
        if let Some(at) = quote_faults.odd_cell_before(u64::MAX) {
            let line = line_of(&[at]).into_iter().next().unwrap_or_default();
            return Err(format!("line {line}: {ODD_CELL}"));
        }
        let rows: Vec<Row> = line_of(&at).into_iter().zip(rows).map(|(line, cells)| Row { line, cells }).collect();
        match rows.iter().find(|row| row.cells.len() > header.len()) {
            Some(row) => Err(format!("row {}: has more columns than the header; does a comma need quotes?", row.line)),
            None => Ok(Self { header, rows }),
        }
    }

    /// Returns the column with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }
}

/// Returns the separator of the first line, and the text without Excel's `sep=` line, with the number of lines left out.
fn delimiter(text: &str) -> (u8, u64, &str) {
    if let Some((first, rest)) = text.split_once('\n')
        && let Some(delimiter) =
            first.trim().trim_matches('"').strip_prefix("sep=").and_then(|rest| rest.bytes().next())
    {
        return (delimiter, 1, rest);
    }
    let mut counts = [(b',', 0), (b'\t', 0), (b';', 0)];
    let mut is_quoted = false;
    for byte in text.bytes() {
        is_quoted ^= byte == b'"';
        if byte == b'\n' && !is_quoted {
            break;
        }
        let count = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !is_quoted);
        count.into_iter().for_each(|(_, count)| *count += 1);
    }
    // the first one if counts are equal
    let (delimiter, _) = counts.into_iter().rev().max_by_key(|(_, count)| *count).unwrap_or_default();
    (delimiter, 0, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_separated_by_commas_semicolons_or_tabs() {
        for text in ["a,b\n1;2,3\n", "a;b\n1;2,3\n", "a\tb\n1\t2,3\n", "sep=;\na;b\n1;\"2,3\"\n", "\"a,x\";b\n1;2\n"] {
            let table = Table::parse(text).unwrap();

            assert_eq!((table.header.len(), table.rows[0].cells().count()), (2, 2), "{text:?}");
        }
    }

    #[test]
    fn empty_cells_and_rows_at_the_end_are_ignored() {
        let table = Table::parse("a,b,,\n1,2,,\n,,,\n\n3,,,\n").unwrap();

        assert_eq!(table.header, ["a", "b"]);
        assert_eq!(table.rows.iter().map(|row| (row.line, row.cell(1))).collect::<Vec<_>>(), [(2, "2"), (5, "")]);
    }

    #[test]
    fn a_syntax_error_is_reported_with_its_line() {
        for (text, said) in [
            ("a,b\n1,2\n\"3,4\n5,6\n", "line 3: this quote is never closed"),
            (
                "a,b\n1,2\n3,\"4 \\\"5\\\"\"\n",
                "line 3: text follows a closing quote; a quote within quotes is written twice",
            ),
            ("sep=;\na;b\n1;2;3\n", "row 3: has more columns than the header; does a comma need quotes?"),
            ("a,b\n1,2,3\n", "row 2: has more columns than the header; does a comma need quotes?"),
        ] {
            assert_eq!(Table::parse(text).unwrap_err(), said);
        }
    }
}
