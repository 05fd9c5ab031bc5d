//! Which cell of a row goes into which column.

use super::catalog::Column;

/// The columns that a file fills, in its order.
#[derive(Debug)]
pub struct Layout {
    pub filled: Vec<Filled>,
    /// Columns of the file that the table does not have.
    pub ignored: Vec<String>,
}

/// A column, and the place of its cell in a row.
#[derive(Debug)]
pub struct Filled {
    pub cell: usize,
    pub column: Column,
}

impl Layout {
    /// Holds a header against a table.
    ///
    /// # Errors
    /// Everything that is wrong with the header.
    pub fn of(header: &[String], columns: &[Column]) -> Result<Self, String> {
        let mut problems = Vec::new();
        let missing: Vec<&str> = columns
            .iter()
            .filter(|column| column.is_required && !header.contains(&column.name))
            .map(|column| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            problems.push(format!("line 1: required columns are missing: {}", missing.join(", ")));
        }
        let mut layout = Self { filled: Vec::new(), ignored: Vec::new() };
        for (cell, name) in header.iter().enumerate() {
            if header[..cell].contains(name) {
                problems.push(format!("line 1: the column {name} is there twice"));
            }
            match columns.iter().find(|column| column.name == *name) {
                Some(column) => layout.filled.push(Filled { cell, column: column.clone() }),
                None => layout.ignored.push(name.clone()),
            }
        }
        if problems.is_empty() { Ok(layout) } else { Err(problems.join("; ")) }
    }

    /// The names of the columns in SQL.
    pub fn sql(&self) -> String {
        let names: Vec<String> = self.filled.iter().map(|filled| quoted(&filled.column.name)).collect();
        names.join(", ")
    }

    /// The column of this name.
    pub fn find(&self, name: &str) -> Option<&Filled> {
        self.filled.iter().find(|filled| filled.column.name == name)
    }
}

/// A name in SQL: `offset` is a word of the language, and a column of `note_nlp`.
pub fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is_required: bool) -> Column {
        Column { name: name.to_owned(), type_name: "integer".to_owned(), is_required, is_key: false, refers_to: None }
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn cells_find_their_columns_in_any_order() {
        let columns = [column("person_id", true), column("provider_id", false), column("year_of_birth", true)];

        let layout = Layout::of(&header(&["year_of_birth", "weight", "person_id"]), &columns).unwrap();

        assert_eq!(layout.sql(), r#""year_of_birth", "person_id""#);
        assert_eq!((layout.filled[1].cell, &*layout.ignored), (2, &["weight".to_owned()][..]));
    }

    #[test]
    fn all_problems_of_a_header_are_told_at_once() {
        let columns = [column("person_id", true), column("year_of_birth", true)];

        let problem = Layout::of(&header(&["weight", "weight"]), &columns).unwrap_err();

        assert_eq!(
            problem,
            "line 1: required columns are missing: person_id, year_of_birth; line 1: the column weight is there twice"
        );
    }
}
