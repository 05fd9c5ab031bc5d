//! Columns and rows of a file of assignments (contract, section 6).

use serde_json::value::RawValue;
use shared::stored_json::{entries, fields, text};

/// The columns of a generated file.
pub const COLUMNS: [&str; 10] = *EXPORTED.first_chunk().expect("an exported file has more columns");
/// The columns of an exported file, which has everything that is stored.
pub const EXPORTED: [&str; 12] = [
    "User",
    "Case No.",
    "Path",
    "Collapse",
    "Highlight",
    "Top",
    "Experiment",
    "Arm",
    "Policy",
    "Probability",
    "Run",
    "Assignment",
];

/// Returns the rows of a stored configuration.
pub fn rows(path_config: Option<&str>) -> Vec<Row> {
    path_config.and_then(entries).unwrap_or_default().into_iter().filter_map(Row::of).collect()
}

/// A path, and its `collapse`, `highlight` and `top` as cells.
pub struct Row {
    pub path: String,
    pub style: [Option<String>; 3],
    /// Whether the stored entry has nothing else.
    pub is_whole: bool,
}

/// The keys of a style.
const STYLE: [&str; 3] = ["collapse", "highlight", "top"];

impl Row {
    fn of(entry: &RawValue) -> Option<Self> {
        let entry = fields(entry.get())?;
        let style = entry.get("style").map(|style| fields(style.get()));
        let is_whole = entry.keys().all(|key| ["path", "style"].contains(&key.as_str()))
            && style.as_ref().is_none_or(|style| {
                style.as_ref().is_some_and(|style| style.keys().all(|key| STYLE.contains(&key.as_str())))
            });
        let style = style.flatten().unwrap_or_default();
        let cell = |key: &str| style.get(key).map(|value| value.get().to_ascii_uppercase());
        Some(Self { path: text(entry.get("path")?)?, style: STYLE.map(cell), is_whole })
    }

    /// Returns whether a page shows both alike: it trims paths, and compares the numbers of `top`.
    pub fn shows_the_same_as(&self, other: &Self) -> bool {
        let [collapse, highlight, top] = &self.style;
        let number = |cell: &Option<String>| cell.as_ref().map(|cell| cell.parse::<f64>().ok());
        self.path.trim() == other.path.trim()
            && [collapse, highlight] == [&other.style[0], &other.style[1]]
            && number(top) == number(&other.style[2])
    }
}
