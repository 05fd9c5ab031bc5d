//! A column of a table, and the values that it accepts.

/// Values that a column accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Integers in this range.
    Integer(i64, i64),
    Number,
    Date,
    /// A date and time without a zone.
    Timestamp,
    /// Text with a maximum number of characters.
    Text(Option<usize>),
}

impl Kind {
    /// Parses a type as `format_type` names it: `character varying(50)`.
    pub fn of(type_name: &str) -> Self {
        let length = || type_name.split_once('(')?.1.trim_end_matches(')').parse().ok();
        match type_name {
            "smallint" => Self::Integer(i16::MIN.into(), i16::MAX.into()),
            "integer" => Self::Integer(i32::MIN.into(), i32::MAX.into()),
            "bigint" => Self::Integer(i64::MIN, i64::MAX),
            "numeric" | "double precision" => Self::Number,
            "date" => Self::Date,
            name if name.starts_with("timestamp") => Self::Timestamp,
            _ => Self::Text(length()),
        }
    }
}

/// A column that a file may fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    pub is_required: bool,
    pub is_key: bool,
    /// The foreign key's target.
    pub refers_to: Option<Reference>,
}

/// A foreign key of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub constraint: String,
    pub table: String,
    pub column: String,
}

#[cfg(test)]
impl Column {
    /// Creates a nullable column.
    pub fn example(name: &str, type_name: &str) -> Self {
        Self { name: name.to_owned(), kind: Kind::of(type_name), is_required: false, is_key: false, refers_to: None }
    }
}

impl Column {
    /// Returns whether it contains text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text(_))
    }
}
