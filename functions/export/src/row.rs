//! A row of an export: its columns stand once, in the order of the file.

use std::borrow::Cow;

use serde::Serialize;

/// A row. `Serialize` makes the object of JSON.
pub(crate) trait Row: Serialize + Send + 'static {
    /// The header line of CSV.
    const COLUMNS: &'static [&'static str];

    /// The cells of CSV.
    fn cells(&self) -> Vec<Cow<'_, str>>;
}

/// A struct whose fields are the columns.
macro_rules! row {
    ($(#[$doc:meta])* $row:ident { $($(#[$schema:meta])* $column:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $row {
            $($(#[$schema])* pub $column: $type,)*
        }

        impl $crate::row::Row for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];

            fn cells(&self) -> Vec<std::borrow::Cow<'_, str>> {
                vec![$($crate::cell::Cell::cell(&self.$column)),*]
            }
        }
    };
}

pub(crate) use row;
