//! Validates a cell and writes it in PostgreSQL's text format (documentation of `COPY`, "Text Format").
//!
//! Cells are validated here, because PostgreSQL accepts ambiguous dates and numbers, and stops at the first row that it refuses.

use std::fmt;

use chrono::{NaiveDateTime, Timelike as _};
use shared::iso8601;

use super::column::{Column, Kind};

/// What is wrong with a cell. The cell itself is not quoted, because it may be clinical.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    NotUtf8,
    Nul,
    Missing,
    NotInteger,
    OutOfRange(i64, i64),
    NotNumber,
    DecimalComma,
    NumberTooLarge,
    NotDate,
    NotTimestamp,
    TooLong {
        characters: usize,
        limit: usize,
    },
    /// An id to be replaced belongs to an unknown table.
    UnknownTable,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => formatter.write_str("not UTF-8 text"),
            Self::Nul => formatter.write_str("has a NUL, which PostgreSQL cannot store"),
            Self::Missing => formatter.write_str("is required, but empty"),
            Self::NotInteger => formatter.write_str("is not an integer"),
            Self::OutOfRange(least, most) => {
                write!(formatter, "the number is too large: the column accepts {least} to {most}")
            }
            Self::NotNumber => formatter.write_str("is not a number"),
            Self::DecimalComma => formatter.write_str("is not a number: write a decimal point, not a comma"),
            Self::NumberTooLarge => formatter.write_str("the number is too large: the limit is 1000 digits"),
            Self::NotDate => formatter.write_str("is not a date (2026-01-31 or 20260131)"),
            Self::NotTimestamp => formatter.write_str("is not a date and time (2026-01-31 08:30:00)"),
            Self::UnknownTable => formatter.write_str(
                "is an id of an unknown table: --renumber needs a concept in the same row that names the table",
            ),
            Self::TooLong { characters, limit } => write!(formatter, "has more than {limit} characters: {characters}"),
        }
    }
}

/// Appends a cell to a row. An empty cell is NULL; blanks around a number or a date are ignored.
pub fn write(cell: &[u8], column: &Column, out: &mut Vec<u8>) -> Result<(), Problem> {
    let text = str::from_utf8(cell).map_err(|_| Problem::NotUtf8)?;
    if cell.contains(&0) {
        return Err(Problem::Nul);
    }
    let text = if matches!(column.kind, Kind::Text(_)) { text } else { text.trim_ascii() };
    if text.is_empty() {
        out.extend_from_slice(b"\\N");
        return if column.is_required { Err(Problem::Missing) } else { Ok(()) };
    }
    match column.kind {
        Kind::Integer(least, most) => {
            let number = integer(text)?;
            let number = i64::try_from(number).ok().filter(|number| (least..=most).contains(number));
            let number = number.ok_or(Problem::OutOfRange(least, most))?;
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Kind::Number => out.extend_from_slice(number(text)?.as_bytes()),
        Kind::Date => {
            let (time, _) = iso8601::date_time(text).ok_or(Problem::NotDate)?;
            out.extend_from_slice(format!("{:?}", time.date()).as_bytes());
        }
        Kind::Timestamp => {
            let (time, _) = iso8601::date_time(text).ok_or(Problem::NotTimestamp)?;
            out.extend_from_slice(timestamp(time).as_bytes());
        }
        Kind::Text(limit) => {
            check_length(text, limit)?;
            escape(text.as_bytes(), out);
        }
    }
    Ok(())
}

/// Refuses a text of more than `limit` characters.
pub fn check_length(text: &str, limit: Option<usize>) -> Result<(), Problem> {
    let Some(limit) = limit.filter(|limit| text.len() > *limit) else { return Ok(()) };
    // PostgreSQL truncates blanks beyond the limit, according to the SQL standard
    let characters = text.trim_end_matches(' ').chars().count();
    if characters > limit { Err(Problem::TooLong { characters, limit }) } else { Ok(()) }
}

/// Parses an integer. pandas writes 8507 as `8507.0` in a column with empty cells.
pub fn integer(text: &str) -> Result<i128, Problem> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(digits) || !are_digits(fraction) || fraction.bytes().any(|byte| byte != b'0') {
        return Err(Problem::NotInteger);
    }
    // 39 digits and more are out of any range
    let number = digits.parse().unwrap_or(i128::MAX);
    Ok(if text.starts_with('-') { -number } else { number })
}

/// Returns whether a numeric cell is a missing or infinite number as written by R and pandas.
pub fn is_no_number(cell: &[u8], column: &Column) -> bool {
    let text = cell.trim_ascii();
    let unsigned = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let is_named = |name: &&str| unsigned.eq_ignore_ascii_case(name.as_bytes());
    column.kind == Kind::Number && ["nan", "inf", "infinity"].iter().any(is_named)
}

/// Parses PostgreSQL's `numeric` except `NaN` and `Infinity`: digits with a point and an exponent.
pub fn number(text: &str) -> Result<&str, Problem> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (digits, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if whole.len() + fraction.len() == 0 || exponent_digits.is_empty() || !are_digits(exponent_digits) {
        return Err(Problem::NotNumber);
    }
    if !are_digits(whole) || !are_digits(fraction) {
        let comma = digits.split_once(',').is_some_and(|(whole, fraction)| are_digits(whole) && are_digits(fraction));
        return Err(if comma { Problem::DecimalComma } else { Problem::NotNumber });
    }
    if whole.len() > 1000 || exponent_digits.parse().map_or(true, |exponent: u32| exponent > 1000) {
        return Err(Problem::NumberTooLarge);
    }
    Ok(text)
}

fn timestamp(time: NaiveDateTime) -> String {
    let seconds = format!("{:?} {:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second());
    format!("{seconds}.{:06}", time.nanosecond() / 1000)
}

fn escape(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(type_name: &str, cell: &str) -> Result<String, Problem> {
        let mut out = Vec::new();
        write(cell.as_bytes(), &Column::example("value", type_name), &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_cell_is_written_in_postgresqls_format() {
        for (type_name, cell, text) in [
            ("integer", " -007 ", "-7"),
            ("integer", "8507.0", "8507"),
            ("numeric", "36.60", "36.60"),
            ("numeric", "-1e-20", "-1e-20"),
            ("date", "20250303", "2025-03-03"),
            ("date", "2025-03-03 23:30:00-05", "2025-03-03"),
            ("timestamp without time zone", "2025-03-03T08:30:00.5Z", "2025-03-03 08:30:00.500000"),
            ("timestamp without time zone", "2025-03-03", "2025-03-03 00:00:00.000000"),
            ("character varying(3)", "a\tb", "a\\tb"),
            ("character varying(3)", "äöü  ", "äöü  "),
            ("text", " ", " "),
            ("date", "  ", "\\N"),
            ("text", "", "\\N"),
        ] {
            assert_eq!(written(type_name, cell).as_deref(), Ok(text), "{type_name} {cell:?}");
        }
    }

    #[test]
    fn an_invalid_cell_is_refused_with_the_reason() {
        for (type_name, cell, problem) in [
            ("integer", "8507.5", Problem::NotInteger),
            ("integer", "1e3", Problem::NotInteger),
            ("integer", "1532249960797525190", Problem::OutOfRange(-2_147_483_648, 2_147_483_647)),
            ("bigint", &"9".repeat(60), Problem::OutOfRange(i64::MIN, i64::MAX)),
            ("numeric", "36,6", Problem::DecimalComma),
            ("numeric", "1,2,3", Problem::NotNumber),
            ("numeric", "0x10", Problem::NotNumber),
            ("numeric", "NA", Problem::NotNumber),
            ("numeric", "1e99999", Problem::NumberTooLarge),
            ("date", "3/4/26", Problem::NotDate),
            ("timestamp without time zone", "45719.354", Problem::NotTimestamp),
            ("character varying(3)", "äöüß", Problem::TooLong { characters: 4, limit: 3 }),
            ("text", "a\0", Problem::Nul),
        ] {
            assert_eq!(written(type_name, cell), Err(problem), "{type_name} {cell:?}");
        }
    }
}
