//! Values formatted as Python does: export files and assignment ids are built from this text.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::value::RawValue;

/// Returns `json.dumps(json.loads(json))`: separators `", "` and `": "`, ASCII escapes, floats in their shortest form
/// with a decimal point or an exponent, and integers of any size unchanged.
///
/// Requires a value from [`serde_json::value::to_raw_value`]. Keeps both of two equal keys, where Python keeps the
/// last.
pub fn json_dumps(json: &RawValue) -> String {
    dumps(json.get())
}

fn dumps(json: &str) -> String {
    let mut dumped = String::with_capacity(json.len() + json.len() / 8);
    // text that needs no change is copied in one piece, for example everything that Python wrote (docs/performance.md)
    let (mut copied, mut end) = (0, 0);
    while end < json.len() {
        let length = verbatim_length(&json.as_bytes()[end..]);
        if length > 0 {
            end += length;
            continue;
        }
        let token = &json[end..][..token_length(&json[end..])];
        dumped.push_str(&json[copied..end]);
        push_token(&mut dumped, token);
        end += token.len();
        copied = end;
    }
    dumped.push_str(&json[copied..]);
    dumped
}

/// Returns how many leading bytes are printed verbatim; 0 if the first token is not.
fn verbatim_length(json: &[u8]) -> usize {
    match json {
        [b',' | b':', b' ', next, ..] if !next.is_ascii_whitespace() => 2,
        [b',' | b':' | b' ' | b'\n' | b'\r' | b'\t', ..] | [b'-', b'0', ..] => 0,
        [b'"', string @ ..] => {
            match string.iter().position(|byte| !matches!(byte, b' '..=b'~' if !b"\"\\".contains(byte))) {
                Some(end) if string[end] == b'"' => end + 2,
                _ => 0,
            }
        }
        [b'-' | b'0'..=b'9', ..] => {
            let length = json.iter().take_while(|byte| matches!(byte, b'-' | b'0'..=b'9')).count();
            if matches!(json.get(length), Some(b'.' | b'e' | b'E')) { 0 } else { length }
        }
        _ => 1,
    }
}

fn push_token(dumped: &mut String, token: &str) {
    match token.as_bytes()[0] {
        b',' => dumped.push_str(", "),
        b':' => dumped.push_str(": "),
        b'"' => push_ascii(dumped, token),
        b'-' | b'0'..=b'9' => {
            let number = number(token);
            match number.strip_suffix("inf") {
                Some(sign) => dumped.extend([sign, "Infinity"]),
                None => dumped.push_str(&number),
            }
        }
        // whitespace
        _ => {}
    }
}

/// Returns what `csv.writer` writes for `json.loads(json)`: nothing for `null`, `True` and `False`, text without
/// quotes, and `json.dumps` for lists and objects. `text` has to be valid JSON without surrounding whitespace.
pub fn json_cell(text: &str) -> String {
    match text.as_bytes().first() {
        Some(b'n') => String::new(),
        Some(b't') => bool_str(true).to_owned(),
        Some(b'f') => bool_str(false).to_owned(),
        // the fast path for almost every text: a case review reads a hundred of them
        Some(b'"') if !text.contains('\\') => text[1..text.len() - 1].to_owned(),
        Some(b'"') => String::from_utf16_lossy(&code_units(text)),
        Some(b'-' | b'0'..=b'9') => number(text).into_owned(),
        _ => dumps(text),
    }
}

/// Returns `repr` of a `float`: `1.0`, `1e-05`, `1e+16`, `inf`, `nan`.
pub fn float_repr(float: f64) -> String {
    // Rust's Debug chooses digits and notation like Python, but writes the exponent without sign and padding
    let debug = format!("{float:?}");
    match debug.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None => debug.to_ascii_lowercase(),
    }
}

/// Returns `str` of a `bool`.
pub fn bool_str(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// Returns the length of the first token in bytes: a string, a number, or one character of anything else.
fn token_length(json: &str) -> usize {
    let bytes = json.as_bytes();
    match bytes[0] {
        b'"' => {
            let mut end = 1;
            while bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            end + 1
        }
        b'-' | b'0'..=b'9' => {
            json.find(|c: char| !matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9')).unwrap_or(json.len())
        }
        _ => 1,
    }
}

/// Returns the numbers in a value as they are written.
pub(crate) fn numbers(json: &RawValue) -> impl Iterator<Item = &str> {
    let mut rest = json.get();
    let tokens = std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (token, after) = rest.split_at(token_length(rest));
        rest = after;
        Some(token)
    });
    tokens.filter(|token| token.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
}

/// Returns a number as `str` prints it; a number with a fraction or an exponent is a `float`.
fn number(token: &str) -> Cow<'_, str> {
    match token {
        "-0" => Cow::Borrowed("0"),
        _ if token.contains(['.', 'e', 'E']) => {
            token.parse().map_or(Cow::Borrowed(token), |float| Cow::Owned(float_repr(float)))
        }
        _ => Cow::Borrowed(token),
    }
}

fn push_ascii(dumped: &mut String, string: &str) {
    dumped.push('"');
    for unit in code_units(string) {
        match u8::try_from(unit).map(char::from) {
            Ok('"') => dumped.push_str("\\\""),
            Ok('\\') => dumped.push_str("\\\\"),
            Ok('\n') => dumped.push_str("\\n"),
            Ok('\r') => dumped.push_str("\\r"),
            Ok('\t') => dumped.push_str("\\t"),
            Ok('\x08') => dumped.push_str("\\b"),
            Ok('\x0c') => dumped.push_str("\\f"),
            Ok(printable @ ' '..='~') => dumped.push(printable),
            // writing to a String never fails
            _ => _ = write!(dumped, "\\u{unit:04x}"),
        }
    }
    dumped.push('"');
}

/// Returns the UTF-16 code units of a JSON string, whose escapes may be unpaired surrogates (RFC 8259 section 7).
fn code_units(string: &str) -> Vec<u16> {
    let mut characters = string[1..string.len() - 1].chars();
    let mut units = Vec::with_capacity(string.len());
    while let Some(character) = characters.next() {
        let escaped = if character == '\\' { characters.next() } else { None };
        match escaped {
            Some('u') => {
                let (digits, rest) = characters.as_str().split_at(4);
                units.push(u16::from_str_radix(digits, 16).unwrap_or(0xfffd));
                characters = rest.chars();
            }
            Some('b') => units.push(0x08),
            Some('f') => units.push(0x0c),
            Some('n') => units.push(0x0a),
            Some('r') => units.push(0x0d),
            Some('t') => units.push(0x09),
            _ => units.extend_from_slice(escaped.unwrap_or(character).encode_utf16(&mut [0; 2])),
        }
    }
    units
}

#[cfg(test)]
mod tests;
