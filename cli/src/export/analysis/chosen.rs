//! The options that an answer names.

use serde_json::value::RawValue;
use shared::python::json_cell;
use shared::stored_json::entries;

/// Between several options in a cell.
pub const SEPARATOR: &str = "; ";

/// Returns an answer as text: several options are separated by semicolons, in the order of `options`; `None` if it is empty.
pub fn answer_text(value: &RawValue, options: &[String]) -> Option<String> {
    let chosen = chosen(value, options);
    (!chosen.is_empty()).then(|| chosen.join(SEPARATOR))
}

/// Returns the non-empty texts of an answer. Several options are in the order of `options`, because the order of ticks means nothing.
pub fn chosen(value: &RawValue, options: &[String]) -> Vec<String> {
    let cells: Vec<String> = match entries(value.get()) {
        Some(several) => several.into_iter().map(|entry| json_cell(entry.get())).collect(),
        None => vec![json_cell(value.get())],
    };
    let mut cells: Vec<String> =
        cells.iter().map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
    if !options.is_empty() {
        let place = |cell: &str| options.iter().position(|option| option.trim() == cell).unwrap_or(options.len());
        cells.sort_by(|one, other| (place(one), one).cmp(&(place(other), other)));
        cells.dedup();
    }
    cells
}
