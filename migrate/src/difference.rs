use std::fmt;

/// The Alembic revision whose schema equals the baseline (contract section 7).
pub const REVISION: &str = "a1b2c3d4e5f6";

/// One difference from the old system's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A table is missing.
    TableMissing(String),
    /// A column is missing.
    ColumnMissing {
        /// `table.column`.
        column: String,
    },
    /// A column is unknown.
    ColumnExtra {
        /// `table.column`.
        column: String,
    },
    /// A column has another type, nullability or default.
    Column {
        /// `table.column`.
        column: String,
        /// The old system's definition.
        expected: String,
        /// The definition found.
        found: String,
    },
    /// A key or constraint is missing, differs, or is unknown.
    Constraint {
        /// `table.constraint`.
        constraint: String,
        /// The old system's definition.
        expected: Option<String>,
        /// The definition found.
        found: Option<String>,
    },
    /// An object that changes the effect of writes, or has a name that we need.
    Obstacle(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableMissing(table) => write!(f, "table {table} is missing"),
            Self::ColumnMissing { column } => write!(f, "column {column} is missing"),
            Self::ColumnExtra { column } => write!(f, "column {column} is unknown"),
            Self::Column { column, expected, found } => {
                write!(f, "column {column} should be `{expected}`, is `{found}`")
            }
            Self::Constraint { constraint, expected: Some(expected), found: Some(found) } => {
                write!(f, "constraint {constraint} should be `{expected}`, is `{found}`")
            }
            Self::Constraint { constraint, expected: None, found } => {
                write!(f, "constraint {constraint} is unknown: `{}`", found.as_deref().unwrap_or_default())
            }
            Self::Constraint { constraint, expected, found: None } => {
                write!(f, "constraint {constraint} is missing: `{}`", expected.as_deref().unwrap_or_default())
            }
            Self::Obstacle(what) => f.write_str(what),
        }
    }
}
