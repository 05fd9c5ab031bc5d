//! What PostgreSQL says of a row, told as a place in the file. Its own words quote values, which may be clinical.

use sqlx::postgres::PgDatabaseError;

use super::file::TableFile;
use super::layout::Filled;
use super::tables;
use crate::failure::Failure;

/// SQLSTATEs (PostgreSQL appendix A).
const NOT_NULL_VIOLATION: &str = "23502";
const FOREIGN_KEY_VIOLATION: &str = "23503";
const UNIQUE_VIOLATION: &str = "23505";
const STRING_TOO_LONG: &str = "22001";
const NUMBER_OUT_OF_RANGE: &str = "22003";
/// Invalid text, invalid date, and one that no calendar has.
const NOT_OF_THE_TYPE: [&str; 3] = ["22P02", "22007", "22008"];

/// The failure of a row that went to `target`.
pub fn of(error: sqlx::Error, file: &TableFile, target: &str) -> Failure {
    let database = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    match database.and_then(|database| told(database, file, target)) {
        Some(failure) => failure,
        None => error.into(),
    }
}

fn told(error: &PgDatabaseError, file: &TableFile, target: &str) -> Option<Failure> {
    if error.code() == FOREIGN_KEY_VIOLATION {
        return Some(foreign_key(error, file));
    }
    let context = Context::read(error.r#where().unwrap_or_default(), target)?;
    let column = error.column().or(context.column).and_then(|name| file.layout.find(name));
    let problem = match error.code() {
        UNIQUE_VIOLATION => {
            let keys = file.layout.filled.iter().filter(|filled| filled.column.is_key);
            let keys: Vec<&str> = keys.map(|filled| filled.column.name.as_str()).collect();
            let line = file.line_of_record(context.record)?;
            return Some(
                file.failure(format!("line {line}, column {}: an earlier row has this key", keys.join(" + "))),
            );
        }
        NOT_NULL_VIOLATION => "is empty, and has to be there".to_owned(),
        STRING_TOO_LONG => too_long(&column?.column.type_name),
        NUMBER_OUT_OF_RANGE => "the number is too large".to_owned(),
        code if NOT_OF_THE_TYPE.contains(&code) => not_of(&column?.column.type_name),
        _ => "PostgreSQL does not take it".to_owned(),
    };
    let line = file.line_of_record(context.record)?;
    let name = column.map_or("?", |filled| &filled.column.name);
    Some(file.failure(format!("line {line}, column {name}: {problem}")))
}

/// `Key (concept_id_2)=(7) is not present in table "concept".`, in the server's language.
fn foreign_key(error: &PgDatabaseError, file: &TableFile) -> Failure {
    let refers = |filled: &&Filled| {
        filled.column.refers_to.as_ref().is_some_and(|(_, constraint)| Some(&**constraint) == error.constraint())
    };
    let Some(filled) = file.layout.filled.iter().find(refers) else {
        return file.failure("a row names another one that is not there");
    };
    let detail = error.detail().unwrap_or_default();
    let value = detail.split_once(")=(").and_then(|(_, rest)| rest.rsplit_once(')')).map(|(value, _)| value);
    let line = value.and_then(|value| file.line_of_value(filled.cell, value));
    let place = line.map(|line| format!("line {line}, ")).unwrap_or_default();
    let table = filled.column.refers_to.as_ref().map_or("", |(table, _)| table);
    let failure = file.failure(format!("{place}column {}: {table} has no such row", filled.column.name));
    match tables::command_of(table) {
        Some(command) if tables::command_of(file.table) != Some(command) => {
            failure.with_remedy(format!("{command} DIR first"))
        }
        _ => failure.with_remedy(format!("it has to be in the directory's file of {table}, or loaded before")),
    }
}

/// Where a `COPY` was: `COPY person, line 2, column year_of_birth: "x"`, in the server's language.
#[derive(Debug, PartialEq, Eq)]
struct Context<'a> {
    /// From 1.
    record: u64,
    column: Option<&'a str>,
}

impl<'a> Context<'a> {
    fn read(text: &'a str, target: &str) -> Option<Self> {
        let (_, text) = text.split_once(target)?;
        let text = &text[text.find(|character: char| character.is_ascii_digit())?..];
        let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let (record, rest) = text.split_at(end);
        let column = rest.split(':').next().and_then(|before| before.split_whitespace().last());
        Some(Self { record: record.parse().ok()?, column })
    }
}

fn not_of(type_name: &str) -> String {
    match type_name {
        "integer" | "bigint" | "smallint" => "is no integer",
        "numeric" => "is no number",
        "date" => "is no date (2026-01-31 or 20260131)",
        name if name.starts_with("timestamp") => "is no date and time (2026-01-31 08:30:00)",
        _ => "PostgreSQL does not take it",
    }
    .to_owned()
}

fn too_long(type_name: &str) -> String {
    let length: String = type_name.chars().filter(char::is_ascii_digit).collect();
    format!("has more than {length} characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_read_in_any_language() {
        for text in [
            r#"COPY person, line 12, column year_of_birth: "line 7, column x: 3""#,
            "COPY person, Zeile 12, Spalte year_of_birth: »x«",
            "COPY person, ligne 12, colonne year_of_birth : « x »",
        ] {
            let expected = Context { record: 12, column: Some("year_of_birth") };
            assert_eq!(Context::read(text, "person"), Some(expected), "{text}");
        }
        assert_eq!(Context::read("SQL statement", "person"), None);
    }
}
