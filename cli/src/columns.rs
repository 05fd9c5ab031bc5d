//! Finds columns of a table by name. People write headers, so case and blanks around a name do not matter.

use crate::table_text::Table;

/// Returns the first column with one of these names.
pub fn find(table: &Table, names: &[&str]) -> Option<usize> {
    all(table, names).next()
}

/// Returns all columns with one of these names.
pub fn all(table: &Table, names: &[&str]) -> impl Iterator<Item = usize> {
    let is_called = |column: &String| names.iter().any(|name| column.trim().eq_ignore_ascii_case(name));
    let columns: Vec<usize> = (0..table.header.len()).filter(|column| is_called(&table.header[*column])).collect();
    columns.into_iter()
}

/// Returns a note that names the columns that are not used, if there are any.
pub fn note(table: &Table, used: impl IntoIterator<Item = usize>) -> Option<String> {
    unused(table, used).map(|names| format!("ignored columns, unknown or repeated: {names}"))
}

/// Returns the names of the columns that are not used, if there are any.
pub fn unused(table: &Table, used: impl IntoIterator<Item = usize>) -> Option<String> {
    let used: Vec<usize> = used.into_iter().collect();
    let header = table.header.iter().enumerate();
    let unused = header.filter(|(column, name)| !used.contains(column) && !name.is_empty());
    let unused: Vec<&str> = unused.map(|(_, name)| name.as_str()).collect();
    (!unused.is_empty()).then(|| unused.join(", "))
}
