//! Prints tables as wide as the terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// Returns a table with this header and these rows.
pub fn of<const COLUMNS: usize>(header: [&str; COLUMNS], rows: impl IntoIterator<Item = [String; COLUMNS]>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header);
    table.add_rows(rows);
    table
}
