//! The format of a design file: TOML (docs/study.md, "A design file").

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// All tables and keys of a design file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignFile {
    #[serde(default, deserialize_with = "text_or_integer")]
    pub seed: Option<String>,
    pub experiment: Option<String>,
    pub participants: Option<usize>,
    pub cases_per_participant: Option<usize>,
    pub readers_per_case: Option<usize>,
    #[serde(default)]
    pub always: Vec<PathEntry>,
    #[serde(default)]
    pub never: Vec<String>,
    #[serde(default)]
    pub factors: Vec<FactorTable>,
    #[serde(default)]
    pub arms_by: Unit,
    pub arms_block: Option<usize>,
    #[serde(default)]
    pub arms: BTreeMap<String, ArmTable>,
    #[serde(default)]
    pub strata: StrataTable,
    #[serde(default)]
    pub exclude: Vec<ExcludeTable>,
    pub second_reading: Option<SecondReadingTable>,
}

/// `[[factors]]`: paths that are shown or hidden together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactorTable {
    pub name: String,
    pub paths: Vec<PathEntry>,
    pub probability: Option<f64>,
    pub count: Option<usize>,
    pub of: Option<usize>,
}

/// `[arms.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmTable {
    #[serde(default = "one")]
    pub ratio: usize,
    #[serde(default)]
    pub show: Vec<PathEntry>,
    pub factors: Option<Vec<String>>,
}

/// `[strata]`: columns of the files of participants and of cases.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrataTable {
    #[serde(default)]
    pub participants: Vec<String>,
    #[serde(default)]
    pub cases: Vec<String>,
}

/// `[[exclude]]`: cases that a participant must not read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludeTable {
    pub participant: Option<String>,
    pub cases: Option<Vec<i32>>,
}

/// `[second_reading]`: settings for reading the cases again.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondReadingTable {
    #[serde(default)]
    pub arm: SecondArm,
    #[serde(default)]
    pub washout_positions: usize,
    #[serde(default)]
    pub washout_days: u32,
}

/// Unit for which arms are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    #[default]
    Reading,
    Participant,
}

/// The arm of a second reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecondArm {
    /// Drawn like the arm of a first reading.
    #[default]
    Drawn,
    /// The same as in the first reading.
    Same,
    /// Different from that of the first reading.
    Other,
}

/// A path or a pattern of paths, in which `*` matches anything, and how it is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathEntry {
    pub path: String,
    pub style: Style,
}

/// How a path is shown; unset values are left to the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Style {
    pub collapse: Option<bool>,
    pub highlight: Option<bool>,
    pub top: Option<f64>,
}

impl DesignFile {
    /// Parses a design file.
    ///
    /// # Errors
    /// What is wrong, with line and key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let told = |error: &toml::de::Error, key: &str| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let key = if key == "." || key.is_empty() { String::new() } else { format!("{key}: ") };
            format!("{line}{key}{}", error.message())
        };
        let deserializer = toml::Deserializer::parse(text).map_err(|error| told(&error, ""))?;
        serde_path_to_error::deserialize(deserializer).map_err(|error| told(error.inner(), &error.path().to_string()))
    }
}

fn one() -> usize {
    1
}

/// Reads a seed, which may be written as a number.
fn text_or_integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Seed;
    impl Visitor<'_> for Seed {
        type Value = Option<String>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a text or a whole number")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(text.to_owned()))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(number.to_string()))
        }
    }
    deserializer.deserialize_any(Seed)
}

impl<'de> Deserialize<'de> for PathEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PathEntryVisitor)
    }
}

struct PathEntryVisitor;

impl<'de> Visitor<'de> for PathEntryVisitor {
    type Value = PathEntry;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a path, or { path = \"…\", collapse = …, highlight = …, top = … }")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<PathEntry, E> {
        Ok(PathEntry { path: path.to_owned(), style: Style::default() })
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<PathEntry, M::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            path: String,
            collapse: Option<bool>,
            highlight: Option<bool>,
            top: Option<f64>,
        }
        let Table { path, collapse, highlight, top } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(PathEntry { path, style: Style { collapse, highlight, top } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_be_a_text_or_a_table_with_its_style() {
        let file =
            DesignFile::parse("seed = 7\nalways = ['A.*', { path = 'B.c', highlight = true, top = 1 }]").unwrap();

        let styled = Style { highlight: Some(true), top: Some(1.0), ..Style::default() };
        assert_eq!(file.seed.as_deref(), Some("7"));
        assert_eq!(file.always[1], PathEntry { path: "B.c".to_owned(), style: styled });
    }

    #[test]
    fn a_syntax_error_is_reported_with_line_and_key() {
        for (text, said) in [
            ("seed = 'x'\ncases = 4", "line 2: cases: unknown field `cases`, expected one of `seed`"),
            ("[[factors]]\nname = 'AI'\npaths = ['A.*']\nprobabilty = 0.5", "line 4: factors[0].probabilty: unknown"),
            ("[[factors]]\nname = 'AI'\npaths = 'A.*'", "line 3: factors[0].paths: invalid type: string"),
            ("[arms.ai]\nratio = -1", "line 2: arms.ai.ratio: invalid value: integer `-1`"),
            ("arms_by = 'case'", "line 1: arms_by: unknown variant `case`"),
            ("always = [{ path = 'A.*', hide = true }]", "line 1: always[0].hide: unknown field `hide`"),
            ("[[factors]]\nname = 'AI'", "line 1: factors[0]: missing field `paths`"),
            ("seed = \"x", "line 1: "),
        ] {
            let told = DesignFile::parse(text).unwrap_err();

            assert!(told.starts_with(said), "{told}\n{said}");
        }
    }
}
