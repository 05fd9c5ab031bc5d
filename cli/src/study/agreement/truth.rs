//! `--truth FILE`: which cases have the condition.

use std::collections::BTreeMap;

use crate::table_text::Table;

/// Whether a case has the condition, by `visit_occurrence_id`.
#[derive(Debug)]
pub struct Truths(BTreeMap<i32, bool>);

impl Truths {
    /// Reads a table with the columns `case_id` and `truth`.
    ///
    /// # Errors
    /// What is wrong, in which row and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let table = Table::parse(text)?;
        let column =
            |name: &str| table.find(name).ok_or_else(|| format!("there is no column {name}; expected case_id,truth"));
        let (case_column, truth_column) = (column("case_id")?, column("truth")?);
        let mut truths = BTreeMap::new();
        for row in &table.rows {
            let at = |column: &str, problem: &str| format!("row {}, column {column}: {problem}", row.line);
            let case: i32 = row.cell(case_column).parse().map_err(|_| at("case_id", "not the number of a case"))?;
            let truth = truth(row.cell(truth_column))
                .ok_or_else(|| at("truth", "expected 1 (the patient has the condition) or 0 (has not)"))?;
            if truths.insert(case, truth).is_some() {
                return Err(at("case_id", "this case has a row already"));
            }
        }
        if truths.is_empty() { Err("there is no row".to_owned()) } else { Ok(Self(truths)) }
    }

    pub fn of(&self, case: i32) -> Option<bool> {
        self.0.get(&case).copied()
    }

    pub fn cases(&self) -> impl Iterator<Item = i32> {
        self.0.keys().copied()
    }
}

fn truth(cell: &str) -> Option<bool> {
    match cell.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" => Some(true),
        "0" | "false" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_row_is_refused_by_its_position() {
        for (text, said) in [
            ("case,truth\n1,1\n", "there is no column case_id; expected case_id,truth"),
            ("case_id,truth\n101,1\nx,0\n", "row 3, column case_id: not the number of a case"),
            (
                "case_id,truth\n101,maybe\n",
                "row 2, column truth: expected 1 (the patient has the condition) or 0 (has not)",
            ),
            ("case_id,truth\n101,1\n101,0\n", "row 3, column case_id: this case has a row already"),
            ("case_id,truth\n", "there is no row"),
        ] {
            assert_eq!(Truths::parse(text).unwrap_err(), said);
        }
    }
}
