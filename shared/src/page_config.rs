//! `system_config['page_config']`: which concepts a case shows, under which keys and in which order (contract, section
//! 4).

use indexmap::IndexMap;
use serde_json::value::RawValue;

use crate::stored_json::{entries, fields};

/// The name of the section of observations by concept.
pub const BACKGROUND: &str = "BACKGROUND";
/// The name of the section of observations by type.
pub const PATIENT_COMPLAINT: &str = "PATIENT COMPLAINT";
/// The name of the section of measurements.
pub const PHYSICAL_EXAMINATION: &str = "PHYSICAL EXAMINATION";

/// The sections of a case, in stored order.
#[derive(Debug)]
pub struct PageConfig {
    /// At most one of each kind.
    pub sections: Vec<Section>,
}

/// A section and its contents.
#[derive(Debug)]
pub enum Section {
    /// Observations by concept.
    Background(Vec<Category>),
    /// Observations by type.
    PatientComplaint(Vec<ConceptGroup>),
    /// Measurements by concept.
    PhysicalExamination(Vec<ConceptGroup>),
}

/// A key of `BACKGROUND`, at any depth.
#[derive(Debug)]
pub struct Category {
    /// The heading that the participant reads.
    pub key: String,
    /// The concepts or subcategories.
    pub content: CategoryContent,
}

/// The content of a category: a list of concept ids is a leaf, an object nests.
#[derive(Debug)]
pub enum CategoryContent {
    /// OMOP concept ids.
    Concepts(Vec<i32>),
    /// Categories one level deeper.
    Categories(Vec<Category>),
}

/// A key of a section that does not nest.
#[derive(Debug)]
pub struct ConceptGroup {
    /// The key as stored.
    pub key: String,
    /// OMOP concept ids.
    pub concepts: Vec<i32>,
}

/// A limit for malformed configurations, which may have thousands of levels; no real page nests this deeply.
const MAX_CATEGORY_DEPTH: usize = 32;

impl PageConfig {
    /// Parses the stored JSON. Returns `None` unless it is an object; malformed parts are skipped and logged.
    pub fn parse(json: &str) -> Option<Self> {
        let sections = fields(json)?
            .into_iter()
            .filter_map(|(name, content)| match name.as_str() {
                BACKGROUND => Some(Section::Background(categories(object(&name, content), 1))),
                PATIENT_COMPLAINT => Some(Section::PatientComplaint(groups(object(&name, content)))),
                PHYSICAL_EXAMINATION => Some(Section::PhysicalExamination(groups(object(&name, content)))),
                _ => None,
            })
            .collect();
        Some(Self { sections })
    }

    /// Returns the observation types of `PATIENT COMPLAINT` / `Chief Complaint`.
    pub fn chief_complaint_types(&self) -> &[i32] {
        let groups = self.sections.iter().find_map(|section| match section {
            Section::PatientComplaint(groups) => Some(groups),
            _ => None,
        });
        let mut groups = groups.into_iter().flatten();
        groups.find(|group| group.key == "Chief Complaint").map_or(&[], |group| &group.concepts)
    }
}

fn categories(stored: IndexMap<String, &RawValue>, level: usize) -> Vec<Category> {
    let category = |(key, content): (String, &RawValue)| {
        let content = match fields(content.get()) {
            Some(_) if level == MAX_CATEGORY_DEPTH => {
                tracing::warn!(key, "page_config: skipped a category that is nested too deeply");
                return None;
            }
            Some(nested) => CategoryContent::Categories(categories(nested, level + 1)),
            None => CategoryContent::Concepts(concept_ids(&key, content)),
        };
        Some(Category { key, content })
    };
    stored.into_iter().filter_map(category).collect()
}

fn groups(stored: IndexMap<String, &RawValue>) -> Vec<ConceptGroup> {
    stored.into_iter().map(|(key, content)| ConceptGroup { concepts: concept_ids(&key, content), key }).collect()
}

fn object<'a>(key: &str, content: &'a RawValue) -> IndexMap<String, &'a RawValue> {
    fields(content.get()).unwrap_or_else(|| {
        tracing::warn!(key, "page_config: skipped a section that is not an object");
        IndexMap::new()
    })
}

fn concept_ids(key: &str, content: &RawValue) -> Vec<i32> {
    let stored = entries(content.get()).unwrap_or_else(|| vec![content]);
    let ids: Vec<i32> = stored.iter().filter_map(|id| id.get().parse().ok()).collect();
    if ids.len() < stored.len() {
        tracing::warn!(key, "page_config: skipped values that are not concept ids");
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concepts(stored: &str) -> Vec<i32> {
        let config = PageConfig::parse(&format!(r#"{{"PATIENT COMPLAINT": {{"key": {stored}}}}}"#));
        let Some(Section::PatientComplaint(mut groups)) = config.and_then(|mut config| config.sections.pop()) else {
            panic!("no section");
        };
        groups.remove(0).concepts
    }

    #[test]
    fn sections_and_keys_keep_the_stored_order() {
        let config =
            PageConfig::parse(r#"{"PHYSICAL EXAMINATION": {}, "BACKGROUND": {"z": [1], "a": {"y": [2], "b": [3]}}}"#);

        let sections = config.unwrap().sections;
        let [Section::PhysicalExamination(_), Section::Background(keys)] = &sections[..] else {
            panic!("{sections:?}");
        };
        let CategoryContent::Categories(nested) = &keys[1].content else {
            panic!("{keys:?}");
        };
        assert_eq!(["z", "a", "y", "b"], [&*keys[0].key, &*keys[1].key, &*nested[0].key, &*nested[1].key]);
    }

    #[test]
    fn keeps_concept_ids_next_to_malformed_values() {
        assert_eq!(concepts(r#"["x", 1, null, 2.5, 99999999999, 2]"#), [1, 2]);
        assert_eq!(concepts("1"), [1]);
    }

    #[test]
    fn malformed_values_name_no_concepts() {
        for odd in ["null", "\"x\"", "[]", "[[1]]", r#"{"a": [1]}"#] {
            assert_eq!(concepts(odd), [0; 0], "{odd}");
        }
    }

    #[test]
    fn a_malformed_section_is_empty() {
        let config = PageConfig::parse(r#"{"BACKGROUND": null, "PATIENT COMPLAINT": [1]}"#).unwrap();

        let [Section::Background(keys), Section::PatientComplaint(groups)] = &config.sections[..] else {
            panic!("{config:?}");
        };
        assert!(keys.is_empty() && groups.is_empty());
    }

    #[test]
    fn categories_nest_thirty_two_levels_deep() {
        let nested = |levels: usize| format!(r"{}[1]{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        let depth = |levels| {
            let config = PageConfig::parse(&format!(r#"{{"BACKGROUND": {}}}"#, nested(levels))).unwrap();
            let Section::Background(mut categories) = config.sections.into_iter().next().unwrap() else { panic!() };
            let mut depth = 0;
            while let Some(Category { content, .. }) = categories.pop() {
                depth += 1;
                let CategoryContent::Categories(nested) = content else { return (depth, true) };
                categories = nested;
            }
            (depth, false)
        };

        assert_eq!(depth(32), (32, true));
        assert_eq!(depth(33), (31, false));
        assert_eq!(depth(5000), (31, false));
    }

    #[test]
    fn reads_the_types_of_chief_complaints() {
        let types = |json| PageConfig::parse(json).unwrap().chief_complaint_types().to_vec();

        assert_eq!(types(r#"{"PATIENT COMPLAINT": {"Other": [1], "Chief Complaint": [2, 3]}}"#), [2, 3]);
        assert_eq!(types(r#"{"BACKGROUND": {"Chief Complaint": [2]}}"#), [0; 0]);
    }

    #[test]
    fn a_page_config_must_be_an_object() {
        for odd in ["null", "[]", "\"text\"", "not json"] {
            assert!(PageConfig::parse(odd).is_none(), "{odd}");
        }
    }
}
