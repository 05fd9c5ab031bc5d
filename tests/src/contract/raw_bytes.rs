//! Bodies that are not UTF-8. In a case file a lone `\udcXX` represents the raw byte XX (Python's `surrogateescape`). `serde_json`
//! refuses lone surrogates, so the byte is kept as the private-use character U+F7XX until it is sent.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

const MARKERS: RangeInclusive<u32> = 0xF780..=0xF7FF;
const MARKER_BASE: u32 = 0xF700;

/// Replaces every lone `\udcXX` in a case file with its marker `\uf7XX`. Surrogate pairs and escaped backslashes are kept.
pub fn mark(case_file: &str) -> Cow<'_, str> {
    static ESCAPE: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?i)\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\udc(?<byte>[89a-f][0-9a-f])";
        Regex::new(pattern).expect("a constant pattern")
    });
    ESCAPE.replace_all(case_file, |found: &Captures<'_>| match found.name("byte") {
        Some(byte) => format!(r"\uf7{}", byte.as_str()),
        None => found[0].to_owned(),
    })
}

/// Encodes as UTF-8, but each marker as its raw byte.
pub fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        let code = u32::from(character);
        match u8::try_from(code.wrapping_sub(MARKER_BASE)) {
            Ok(byte) if MARKERS.contains(&code) => bytes.push(byte),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::{encode, mark};

    fn sent(json_text: &str) -> Vec<u8> {
        encode(&serde_json::from_str::<String>(&mark(json_text)).unwrap())
    }

    #[test]
    fn a_lone_surrogate_is_sent_as_one_byte() {
        assert_eq!(sent(r#""a\udcff\uDC80b""#), b"a\xff\x80b");
    }

    #[test]
    fn a_surrogate_pair_is_sent_as_the_character_it_spells() {
        assert_eq!(sent(r#""\ud83d\udcff""#), "📿".as_bytes());
    }

    #[test]
    fn an_escaped_backslash_before_udcff_is_sent_as_written() {
        assert_eq!(sent(r#""\\udcff""#), br"\udcff");
    }

    #[test]
    fn other_text_is_sent_as_utf_8() {
        assert_eq!(sent(r#""Zoë 名前 \u0000""#), "Zoë 名前 \0".as_bytes());
    }
}
