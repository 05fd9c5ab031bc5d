//! Replaces addresses with participants' numbers.

use export::value::{Column, Kind, Value};
use shared::db::Database;
use sqlx::PgConnection;

use crate::export::{Opened, Source, is_address, participant_id};
use crate::failure::Failure;

/// Name of the address column.
const ADDRESS: &str = "user_email";

/// Name of its replacement. It is text, because JSON readers round 64-bit numbers.
const PARTICIPANT: &str = "participant";

/// Describes the column of the participant.
pub fn column() -> Column {
    Column::new(PARTICIPANT, Kind::Text, "the participant: user_id of the analysis file")
}

/// A source's rows without addresses.
pub struct WithoutAddresses<S> {
    source: S,
    /// Index of the address column.
    address: Option<usize>,
}

impl<S> WithoutAddresses<S> {
    pub fn of(source: S) -> Self {
        Self { source, address: None }
    }
}

/// Returns a participant's number: the `user_id` of the analysis file.
pub fn participant(email: &str) -> String {
    participant_id(email).to_string()
}

/// Replaces each JSON text that consists of an address with the participant's number. Everything else is unchanged.
pub fn without_addresses(json: &str) -> String {
    let (mut result, mut rest) = (String::new(), json);
    while let Some(start) = rest.find('"') {
        let end = start + end_of_text(&rest[start..]);
        let token = &rest[start..end];
        result += &rest[..start];
        match serde_json::from_str::<String>(token) {
            Ok(text) if is_address(&text) => result.extend(["\"", &participant(&text), "\""]),
            _ => result += token,
        }
        rest = &rest[end..];
    }
    result + rest
}

/// Returns the length of the text at the beginning of a JSON document, including quotes.
fn end_of_text(json: &str) -> usize {
    let mut is_escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return index + 1,
            byte => is_escaped = byte == b'\\' && !is_escaped,
        }
    }
    json.len()
}

impl<S: Source> Source for WithoutAddresses<S> {
    fn resource(&self) -> &'static str {
        self.source.resource()
    }

    async fn open(&mut self, snapshot: &mut PgConnection, db: &Database) -> Result<Opened, Failure> {
        let mut opened = self.source.open(snapshot, db).await?;
        self.address = opened.columns.iter().position(|column| column.name == ADDRESS);
        if let Some(address) = self.address {
            opened.columns[address] = column();
        }
        Ok(opened)
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        db: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let address = self.address;
        let without = |values: &[Value<'_>]| {
            let mut values = values.to_vec();
            if let Some(address) = address
                && let Value::Text(email) = &values[address]
            {
                values[address] = Value::Text(participant(email).into());
            }
            take(&values)
        };
        self.source.rows(snapshot, db, without).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_an_address_becomes_a_number() {
        let json = r#"{"A@Study.Test": [1.50, "a@study.test", "by a@study.test", "\"\\", "x"], "n": null}"#;

        let id = "17594509098658213958";
        let expected = format!(r#"{{"{id}": [1.50, "{id}", "by a@study.test", "\"\\", "x"], "n": null}}"#);
        assert_eq!(without_addresses(json), expected);
    }
}
