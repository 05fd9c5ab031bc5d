//! Prints a case as a tree of lines.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value;
use termtree::Tree;

/// Prints the case, with its important information above its sections. The input is the page's `data`, so it contains only what the
/// participant sees.
pub fn of(page: &Value) -> String {
    let text = |key: &str| page[key].as_str().unwrap_or("-").to_owned();
    let title = format!("Case {}, patient {}", text("caseNumber"), text("personName"));
    let mut drawn = format!("{}\n", styled(&title, Style::new().bold()));
    let important = nodes(&page["importantInfos"]);
    if !important.is_empty() {
        let _ = write!(drawn, "{}", Tree::new("Important".to_owned()).with_leaves(important));
    }
    for section in nodes(&page["details"]) {
        let _ = write!(drawn, "{section}");
    }
    drawn
}

fn nodes(list: &Value) -> Vec<Tree<String>> {
    list.as_array().into_iter().flatten().map(node).collect()
}

fn node(node: &Value) -> Tree<String> {
    let key = node["key"].as_str().unwrap_or_default();
    let style = &node["style"];
    let is_highlighted = style["highlight"].as_bool() == Some(true);
    let key = if is_highlighted { styled(key, AnsiColor::Yellow.on_default().bold()) } else { key.to_owned() };
    let marks = marks(style);
    match &node["values"] {
        Value::String(text) => Tree::new(format!("{key}: {text}{marks}")),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            let texts = values.iter().filter_map(|text| Some(Tree::new(text.as_str()?.to_owned())));
            Tree::new(format!("{key}{marks}")).with_leaves(texts)
        }
        values => Tree::new(format!("{key}{marks}")).with_leaves(nodes(values)),
    }
}

/// Describes the style in words, because colours are lost in a file.
fn marks(style: &Value) -> String {
    let mut marks = Vec::new();
    if style["highlight"].as_bool() == Some(true) {
        marks.push("highlighted".to_owned());
    }
    match style["collapse"].as_bool() {
        // the page gets the negation of the stored value (contract, section 4)
        Some(true) => marks.push("open".to_owned()),
        Some(false) => marks.push("collapsed".to_owned()),
        None => {}
    }
    if style["top"].is_number() {
        marks.push(format!("top {}", style["top"]));
    }
    if marks.is_empty() { String::new() } else { styled(&format!(" [{}]", marks.join(", ")), Style::new().dimmed()) }
}

fn styled(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::node;

    #[test]
    fn a_node_is_printed_with_its_style() {
        let shown = json!({"key": "Pulse", "values": ["60", "62"], "style": {"collapse": false, "top": 2.0}}); // invented

        let drawn = anstream::adapter::strip_str(&node(&shown).to_string()).to_string();

        assert_eq!(drawn, "Pulse [collapsed, top 2.0]\n├── 60\n└── 62\n");
    }
}
