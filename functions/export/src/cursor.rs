//! `cursor`: the last row of the previous page, opaque to callers. It contains the row's key and not its sort key,
//! which would put participants' addresses into URLs and thus into access logs.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::ApiError;
use shared::errors::bad_request;

/// A position after an exported row.
#[derive(Debug, PartialEq)]
pub(crate) struct Cursor {
    /// The row's key.
    key: String,
    /// The number of rows when paging began: counting again would read the whole table for each page.
    pub total: Option<i64>,
}

impl Cursor {
    pub(crate) fn at(key: impl Display, total: Option<i64>) -> Self {
        Self { key: key.to_string(), total }
    }

    /// Parses the key.
    pub(crate) fn key<T: FromStr>(&self) -> Result<T, ApiError> {
        self.key.parse().map_err(|_| invalid())
    }

    /// Encodes the cursor for a URL; valid only for the export at `path`.
    pub(crate) fn encode(&self, path: &str) -> String {
        let total = self.total.map(|total| total.to_string()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{}\n{total}\n{}", path, self.key))
    }

    /// Decodes a cursor of the export at `path`.
    pub(crate) fn decode(text: &str, path: &str) -> Result<Self, ApiError> {
        let text =
            URL_SAFE_NO_PAD.decode(text).ok().and_then(|text| String::from_utf8(text).ok()).ok_or_else(invalid)?;
        let mut lines = text.splitn(3, '\n');
        let (Some(path_of_cursor), Some(total), Some(key)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(invalid());
        };
        // PostgreSQL's text cannot contain NUL
        if key.contains('\0') {
            return Err(invalid());
        }
        let total = if total.is_empty() { None } else { Some(total.parse().map_err(|_| invalid())?) };
        if path_of_cursor == path { Ok(Self { key: key.to_owned(), total }) } else { Err(invalid()) }
    }
}

/// Returns the 400 for a cursor that does not belong to this export, or whose row was deleted.
pub(crate) fn invalid() -> ApiError {
    bad_request("cursor: not one of this export; start again with an empty one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Answers;
    use crate::display_configs::DisplayConfigs;
    use crate::resource::Resource as _;

    #[test]
    fn a_cursor_survives_a_round_trip_through_a_url() {
        let cursor = Cursor::at("id-of\nany text/ü", Some(14));

        let text = cursor.encode(DisplayConfigs::PATH);

        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        assert_eq!(Cursor::decode(&text, DisplayConfigs::PATH).unwrap(), cursor);
    }

    #[test]
    fn refuses_a_cursor_of_another_export() {
        let text = Cursor::at("5", None).encode(Answers::PATH);

        assert!(Cursor::decode(&text, DisplayConfigs::PATH).is_err());
    }
}
