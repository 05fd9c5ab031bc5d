//! `cursor`: the last row of the page before, opaque to callers. A key and not the place in the order, because that would put a
//! participant's address into URLs, and those into access logs.

use std::fmt::Display;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use shared::ApiError;
use shared::errors::bad_request;

use crate::page::Resource;

/// A row that has been exported.
#[derive(Debug, PartialEq)]
pub(crate) struct Cursor {
    /// Its key.
    key: String,
    /// How many rows there were when the paging began: counting them again would make each page cost what the table costs.
    pub total: Option<i64>,
}

impl Cursor {
    pub(crate) fn at(key: impl Display, total: Option<i64>) -> Self {
        Self { key: key.to_string(), total }
    }

    /// The key in its type.
    pub(crate) fn key<T: FromStr>(&self) -> Result<T, ApiError> {
        self.key.parse().map_err(|_| invalid())
    }

    /// Text for a URL, good for exports of `R` only.
    pub(crate) fn encode<R: Resource>(&self) -> String {
        let total = self.total.map(|total| total.to_string()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{}\n{total}\n{}", R::PATH, self.key))
    }

    pub(crate) fn decode<R: Resource>(text: &str) -> Result<Self, ApiError> {
        let text =
            URL_SAFE_NO_PAD.decode(text).ok().and_then(|text| String::from_utf8(text).ok()).ok_or_else(invalid)?;
        let mut lines = text.splitn(3, '\n');
        let (Some(path), Some(total), Some(key)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(invalid());
        };
        // PostgreSQL's text has none
        if key.contains('\0') {
            return Err(invalid());
        }
        let total = if total.is_empty() { None } else { Some(total.parse().map_err(|_| invalid())?) };
        if path == R::PATH { Ok(Self { key: key.to_owned(), total }) } else { Err(invalid()) }
    }
}

/// 400 for a cursor that this export did not give out, or whose row is gone.
pub(crate) fn invalid() -> ApiError {
    bad_request("cursor: not one of this export; start again with an empty one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Answers;
    use crate::display_configs::DisplayConfigs;

    #[test]
    fn a_cursor_survives_its_way_through_a_url() {
        let cursor = Cursor::at("id-of\nany text/ü", Some(14));

        let text = cursor.encode::<DisplayConfigs>();

        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        assert_eq!(Cursor::decode::<DisplayConfigs>(&text).unwrap(), cursor);
    }

    #[test]
    fn a_cursor_of_another_export_is_refused() {
        let text = Cursor::at("5", None).encode::<Answers>();

        assert!(Cursor::decode::<DisplayConfigs>(&text).is_err());
    }
}
