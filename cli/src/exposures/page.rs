//! A page as it was sent: the body of an answer of `GET /api/case-reviews/{id}`.

use case_reviews::preview::Finding;
use serde_json::Value;

use crate::export::feature_of;

/// The page, without the envelope.
#[derive(Debug)]
pub struct Page(Value);

impl Page {
    /// Reads the body. What is no page is an empty one: it was stored by a later release.
    pub fn read(content: &[u8]) -> Self {
        let mut body: Value = serde_json::from_slice(content).unwrap_or_default();
        Self(body["data"].take())
    }

    /// Returns what was in `data`.
    pub fn into_json(self) -> Value {
        self.0
    }
}

/// Returns the features that a page shows, as the analysis file names them: what a study can show of `BACKGROUND`, or leave out.
pub fn features(page: &Page) -> Vec<String> {
    let sections = page.0["details"].as_array().into_iter().flatten();
    let background = sections.filter(|section| section["key"] == "BACKGROUND");
    let mut findings = Vec::new();
    for category in background.flat_map(|section| section["values"].as_array().into_iter().flatten()) {
        if category["key"] != "Patient Demographics" {
            add_findings(category, &[], &mut findings);
        }
    }
    let mut features: Vec<String> = findings.iter().map(|finding| feature_of(finding).0).collect();
    features.sort();
    features.dedup();
    features
}

/// Adds the texts below a node, each with the keys that hold it.
fn add_findings(node: &Value, above: &[String], findings: &mut Vec<Finding>) {
    let key = node["key"].as_str().unwrap_or_default().to_owned();
    let categories = [above, &[key]].concat();
    for value in node["values"].as_array().into_iter().flatten() {
        match value.as_str() {
            Some(text) => findings.push(Finding { categories: categories.clone(), text: text.to_owned() }),
            None => add_findings(value, &categories, findings),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_features_are_those_of_the_analysis_file() {
        let nested = json!({"key": "Smoke", "values": ["Former smoker"], "style": null});
        let background = json!([
            {"key": "Patient Demographics", "values": [{"key": "Age", "values": "64", "style": null}], "style": null},
            {"key": "Family History", "values": ["Cancer: Yes", "Cancer: Mother"], "style": null},
            {"key": "Social History", "values": [nested], "style": null},
            {"key": "Medical History", "values": [], "style": null},
        ]);
        let body = json!({"data": {"details": [{"key": "BACKGROUND", "values": background}]}, "error": null});

        let page = Page::read(body.to_string().as_bytes());

        assert_eq!(features(&page), ["Family History.Cancer", "Social History.Smoke"]);
    }

    #[test]
    fn what_is_no_page_shows_nothing() {
        assert!(features(&Page::read(b"{")).is_empty());
    }
}
