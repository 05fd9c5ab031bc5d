//! `display_config.path_config`: what a participant may see of a case, and in which style (contract, section 4).

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::stored_json::{entries, named, text};
use utoipa::ToSchema;

/// The entries with a path; other items of the list are ignored.
#[derive(Debug, Default)]
pub struct PathConfig {
    entries: Vec<Entry>,
}

/// An entry: `{"path": "A.B.C", "style": {…}}`.
#[derive(Debug)]
pub struct Entry {
    path: String,
    style: Style,
}

/// The style of a node. Keys are absent unless an entry sets them.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Style {
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Value)]
    highlight: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    top: Option<Top>,
}

/// A position in `importantInfos`, serialized as stored: `3` and `3.0` stay different.
#[derive(Clone, Debug)]
struct Top {
    number: f64,
    written: Box<RawValue>,
}

impl PathConfig {
    /// Parses the stored JSON; anything but a list counts as an empty list.
    pub fn parse(json: Option<&str>) -> Self {
        let stored = json.and_then(entries).unwrap_or_default();
        Self { entries: stored.into_iter().filter_map(Entry::parse).collect() }
    }

    /// Returns the entries of a section: the text after `<section>.` in their paths, and their styles.
    pub fn below(&self, section: &str) -> impl Iterator<Item = (&str, &Style)> {
        self.entries.iter().filter_map(move |entry| {
            let rest = entry.path.strip_prefix(section)?.strip_prefix('.')?;
            Some((rest, &entry.style))
        })
    }
}

impl Entry {
    fn parse(stored: &RawValue) -> Option<Self> {
        let [path, style] = named(stored.get(), ["path", "style"])?;
        let path = text(path?)?;
        let style = style.map(Style::parse).unwrap_or_default();
        Some(Self { path: path.trim().to_owned(), style })
    }
}

impl Style {
    fn parse(stored: &RawValue) -> Self {
        let [collapse, highlight, top] = named(stored.get(), ["collapse", "highlight", "top"]).unwrap_or_default();
        Self {
            collapse: collapse.map(|collapse| !is_truthy(collapse)),
            highlight: highlight.filter(|highlight| is_readable(highlight)).map(ToOwned::to_owned),
            top: top.and_then(Top::parse),
        }
    }

    /// Returns the position in `importantInfos`, if there is one.
    pub fn top(&self) -> Option<f64> {
        self.top.as_ref().map(|top| top.number)
    }

    /// Merges two styles: the later `collapse` and `highlight`, and the larger `top`.
    pub fn merge(mut self, later: &Self) -> Self {
        if later.top() > self.top() {
            self.top.clone_from(&later.top);
        }
        Self {
            collapse: later.collapse.or(self.collapse),
            highlight: later.highlight.clone().or(self.highlight),
            top: self.top,
        }
    }
}

impl Top {
    /// Parses a number; `None` for anything else and for infinite ones (`1e999`).
    fn parse(stored: &RawValue) -> Option<Self> {
        let number = stored.get().parse().ok().filter(|number: &f64| number.is_finite())?;
        Some(Self { number, written: stored.to_owned() })
    }
}

impl Serialize for Top {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

/// Returns whether all clients can parse the value: some cannot read `1e999`, unpaired surrogates, or a thousand
/// levels.
fn is_readable(stored: &RawValue) -> bool {
    serde_json::from_str::<Value>(stored.get()).is_ok()
}

/// Returns whether Python counts the value as true: not null, false, zero or empty.
fn is_truthy(stored: &RawValue) -> bool {
    match serde_json::from_str(stored.get()) {
        Ok(Value::Null) => false,
        Ok(Value::Bool(value)) => value,
        Ok(Value::Number(number)) => number.as_f64() != Some(0.0),
        Ok(Value::String(text)) => !text.is_empty(),
        Ok(Value::Array(list)) => !list.is_empty(),
        Ok(Value::Object(object)) => !object.is_empty(),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(styles: &[&str]) -> String {
        let list =
            styles.iter().map(|style| format!(r#"{{"path": "A.b", "style": {style}}}"#)).collect::<Vec<_>>().join(",");
        let config = PathConfig::parse(Some(&format!("[{list}]")));
        let style = config.below("A").fold(Style::default(), |style, (_, later)| style.merge(later));
        serde_json::to_string(&style).unwrap()
    }

    fn paths(json: &str) -> Vec<String> {
        PathConfig::parse(Some(json)).below("A").map(|(rest, _)| rest.to_owned()).collect()
    }

    #[test]
    fn negates_the_stored_collapse() {
        assert_eq!(merged(&[r#"{"collapse": true}"#]), r#"{"collapse":false}"#);
        assert_eq!(merged(&[r#"{"collapse": false}"#]), r#"{"collapse":true}"#);
        for falsy in ["null", "0", "0.0", "\"\"", "[]", "{}"] {
            assert_eq!(merged(&[&format!(r#"{{"collapse": {falsy}}}"#)]), r#"{"collapse":true}"#);
        }
    }

    #[test]
    fn the_last_collapse_and_the_last_highlight_win() {
        let styles =
            [r#"{"collapse": true, "highlight": true}"#, r#"{"collapse": false}"#, r#"{"highlight": "yes"}"#, "{}"];

        assert_eq!(merged(&styles), r#"{"collapse":true,"highlight":"yes"}"#);
    }

    #[test]
    fn a_highlight_of_null_is_a_highlight() {
        assert_eq!(merged(&[r#"{"highlight": true}"#, r#"{"highlight": null}"#]), r#"{"highlight":null}"#);
    }

    #[test]
    fn the_largest_top_wins_and_keeps_its_notation() {
        assert_eq!(merged(&[r#"{"top": 2}"#, r#"{"top": 3.0}"#, r#"{"top": 1}"#]), r#"{"top":3.0}"#);
        assert_eq!(merged(&[r#"{"top": 3}"#, r#"{"top": 3.0}"#]), r#"{"top":3}"#);
        assert_eq!(merged(&[r#"{"top": -7}"#, r#"{"top": -5}"#]), r#"{"top":-5}"#);
    }

    #[test]
    fn a_top_that_is_not_a_number_is_ignored() {
        for odd in [r#""1""#, "null", "true", "[]", r#""inf""#] {
            assert_eq!(merged(&[r#"{"top": 0}"#, &format!(r#"{{"top": {odd}}}"#)]), r#"{"top":0}"#);
        }
    }

    #[test]
    fn ignores_other_keys_and_styles_that_are_not_objects() {
        for odd in ["null", "\"collapse\"", "[]", "1", r#"{"other": 1}"#] {
            assert_eq!(merged(&[odd]), "{}");
        }
    }

    #[test]
    fn trims_paths() {
        assert_eq!(paths(r#"[{"path": "  A.b c  "}]"#), ["b c"]);
    }

    #[test]
    fn ignores_malformed_entries() {
        let odd = r#"[{}, null, 5, "A.b", [], {"path": null}, {"path": 5}, {"path": ""}, {"path": "A"}, {"path": "AB.c"},
                      {"path": "\ud800"}, {"style": null}, {"path": "A.kept", "style": 1e999}]"#;

        assert_eq!(paths(odd), ["kept"]);
    }

    #[test]
    fn anything_but_a_list_is_empty() {
        for odd in [r#"{"path": "A.b"}"#, "null", "\"A.b\"", "5"] {
            assert_eq!(paths(odd), [""; 0]);
        }
        assert_eq!(PathConfig::parse(None).below("A").count(), 0);
    }
}
