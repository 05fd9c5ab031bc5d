//! Rows of exports, both of the routes here and of the command line. Their columns are declared once, in the order of
//! the file.

use crate::value::{Column, Value};

/// A row of an export.
pub trait Row: Send + 'static {
    /// The columns.
    const COLUMNS: &'static [Column];

    /// Returns one value per column.
    fn values(&self) -> Vec<Value<'_>>;

    /// Returns how much memory the row takes, in bytes.
    fn bytes(&self) -> usize;
}

/// Declares a struct whose fields are columns, with the codebook's description and unit: `age: i32 = "…" in "years"`. A
/// column without a description does not compile.
#[macro_export]
macro_rules! row {
    ($(#[$doc:meta])* $row:ident { $($(#[$schema:meta])* $column:ident: $type:ty = $about:literal $(in $unit:literal)?,)* }) => {
        $(#[$doc])*
        pub(crate) struct $row {
            $($(#[$schema])* pub $column: $type,)*
        }

        impl $crate::row::Row for $row {
            const COLUMNS: &'static [$crate::value::Column] = &[$($crate::value::Column {
                name: std::borrow::Cow::Borrowed(stringify!($column)),
                kind: <$type as $crate::value::Field>::KIND,
                about: std::borrow::Cow::Borrowed($about),
                unit: {
                    let unit: &[&'static str] = &[$($unit)?];
                    unit.first().copied()
                },
            }),*];

            fn values(&self) -> Vec<$crate::value::Value<'_>> {
                vec![$($crate::value::Field::value(&self.$column)),*]
            }

            fn bytes(&self) -> usize {
                size_of::<Self>() $(+ $crate::value::Field::bytes(&self.$column))*
            }
        }
    };
}

pub use row;
