//! A page as it was sent: the body of a response of `GET /api/case-reviews/{id}`.

use case_reviews::preview::Finding;
use serde_json::Value;

use crate::export::feature_of;

/// The page, without the envelope.
#[derive(Debug)]
pub struct Page(Value);

impl Page {
    /// Parses the body. Another format, which a newer release may have stored, gives an empty page.
    pub fn read(content: &[u8]) -> Self {
        let mut body: Value = serde_json::from_slice(content).unwrap_or_default();
        Self(body["data"].take())
    }

    /// Returns `data` of the response.
    pub fn into_json(self) -> Value {
        self.0
    }
}

/// Returns the features that a page shows, with their names in the analysis file: the parts of `BACKGROUND` that a study can hide.
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

/// Adds the texts below a node, each with its path of keys.
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
    fn features_have_the_names_of_the_analysis_file() {
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
    fn another_format_is_an_empty_page() {
        assert!(features(&Page::read(b"{")).is_empty());
    }
}
