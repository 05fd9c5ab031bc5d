//! Maps a row's cells to columns.

use serde::Serialize;

use super::column::Column;
use super::ids_of::IdsOf;
use super::renamed;

/// The columns that a file fills, in the file's order.
#[derive(Debug)]
pub struct Layout {
    pub filled: Vec<Filled>,
    /// Columns of the file that the table does not have.
    pub ignored: Vec<String>,
    /// Columns of the file that were renamed in OMOP CDM 5.4.
    pub renamed: Vec<Renamed>,
}

/// A column, and the index of its cell in a row.
#[derive(Debug)]
pub struct Filled {
    pub cell: usize,
    pub column: Column,
    /// The table whose ids it contains, if ids are replaced.
    pub ids_of: Option<IdsOf>,
}

/// A column with its name before OMOP CDM 5.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Renamed {
    pub from: String,
    pub to: String,
}

impl Layout {
    /// Checks a header against a table.
    ///
    /// # Errors
    /// All errors in the header.
    pub fn of(table: &str, header: &[String], columns: &[Column]) -> Result<Self, Vec<String>> {
        let mut layout = Self { filled: Vec::new(), ignored: Vec::new(), renamed: Vec::new() };
        let mut problems = Vec::new();
        let named = header.iter().enumerate().filter(|(_, name)| !name.is_empty());
        for (cell, name) in named {
            if header[..cell].contains(name) {
                problems.push(format!("the column {name} occurs twice"));
            }
            let name_now = renamed::name_in_5_4(table, name)
                .filter(|now| columns.iter().any(|column| column.name == *now))
                // if a file has both, the new one is used
                .filter(|now| !header.iter().any(|other| other == now))
                .unwrap_or(name);
            match columns.iter().find(|column| column.name == name_now) {
                Some(column) => layout.filled.push(Filled { cell, column: column.clone(), ids_of: None }),
                None => layout.ignored.push(name.clone()),
            }
            if name_now != name {
                layout.renamed.push(Renamed { from: name.clone(), to: name_now.to_owned() });
            }
        }
        let missing: Vec<&str> = columns
            .iter()
            .filter(|column| column.is_required && layout.find(&column.name).is_none())
            .map(|column| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            problems.insert(0, format!("required columns are missing: {}", missing.join(", ")));
        }
        if problems.is_empty() { Ok(layout) } else { Err(problems) }
    }

    /// Returns the column names for SQL.
    pub fn sql(&self) -> String {
        let names: Vec<String> = self.filled.iter().map(|filled| quoted(&filled.column.name)).collect();
        names.join(", ")
    }

    /// Returns the column with this name.
    pub fn find(&self, name: &str) -> Option<&Filled> {
        self.filled.iter().find(|filled| filled.column.name == name)
    }
}

/// Quotes a name for SQL: `offset` is both a keyword and a column of `note_nlp`.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is_required: bool) -> Column {
        Column { is_required, ..Column::example(name, "integer") }
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn cells_find_their_columns_in_any_order() {
        let columns = [column("person_id", true), column("provider_id", false), column("year_of_birth", true)];

        let layout = Layout::of("person", &header(&["year_of_birth", "weight", "", "person_id"]), &columns).unwrap();

        assert_eq!(layout.sql(), r#""year_of_birth", "person_id""#);
        assert_eq!((layout.filled[1].cell, &*layout.ignored), (3, &["weight".to_owned()][..]));
    }

    #[test]
    fn all_problems_of_a_header_are_reported_together() {
        let columns = [column("person_id", true), column("year_of_birth", true)];

        let problems = Layout::of("person", &header(&["weight", "weight"]), &columns).unwrap_err();

        assert_eq!(
            problems,
            ["required columns are missing: person_id, year_of_birth", "the column weight occurs twice"]
        );
    }

    #[test]
    fn a_column_with_its_old_name_is_renamed_unless_both_exist() {
        let columns = [column("parent_visit_detail_id", false)];

        let old = Layout::of("visit_detail", &header(&["visit_detail_parent_id"]), &columns).unwrap();
        let both = header(&["visit_detail_parent_id", "parent_visit_detail_id"]);
        let both = Layout::of("visit_detail", &both, &columns).unwrap();

        let renamed = Renamed { from: "visit_detail_parent_id".to_owned(), to: "parent_visit_detail_id".to_owned() };
        assert_eq!((old.sql().as_str(), &*old.renamed), (r#""parent_visit_detail_id""#, &[renamed][..]));
        assert_eq!((both.filled[0].cell, &*both.ignored), (1, &["visit_detail_parent_id".to_owned()][..]));
    }
}
