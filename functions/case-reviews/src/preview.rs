//! Previews for people who assign cases: what a participant would see, and what an assignment could name.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use shared::db::Database;
use shared::page_config::{BACKGROUND, PATIENT_COMPLAINT, PHYSICAL_EXAMINATION, PageConfig, Section};
use sqlx::PgConnection;

use crate::background::Background;
use crate::case::Case;
use crate::case_tree::CaseReview;
use crate::naming::Shown;
use crate::path_config::PathConfig;
use crate::queries::{self, Row};
use crate::{ai_score, complaint, examination};

/// Bounds the duration of a statement: each case takes 0.3 ms.
const CASES_PER_STATEMENT: usize = 200;

/// Cases with their clinical data, and the page configuration.
#[derive(Debug)]
pub struct Cases {
    page_config: PageConfig,
    by_id: BTreeMap<i32, Case>,
}

/// A value of `BACKGROUND`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The keys of the page configuration, outermost first: `Social History`, `Smoke`.
    pub categories: Vec<String>,
    /// The text as shown on the page.
    pub text: String,
}

impl Cases {
    /// Loads the existing cases among `case_ids` (`visit_occurrence_id`). Returns `None` without a page configuration.
    pub async fn load(case_ids: &[i32], db: &Database) -> Result<Option<Self>, sqlx::Error> {
        let mut loaded = Loaded::default();
        for chunk in case_ids.chunks(CASES_PER_STATEMENT) {
            loaded.add(queries::of_visits(db, chunk).await?);
        }
        Ok(loaded.cases())
    }

    /// Like [`Self::load`], in a transaction.
    pub async fn load_in(case_ids: &[i32], transaction: &mut PgConnection) -> Result<Option<Self>, sqlx::Error> {
        let mut loaded = Loaded::default();
        for chunk in case_ids.chunks(CASES_PER_STATEMENT) {
            loaded.add(queries::of_visits(&mut *transaction, chunk).await?);
        }
        Ok(loaded.cases())
    }

    /// Returns whether a visit with this id and its patient exist.
    pub fn contains(&self, case_id: i32) -> bool {
        self.by_id.contains_key(&case_id)
    }

    /// Returns what a participant sees with this `path_config` (JSON); `None` if the case does not exist.
    pub fn review(&self, case_id: i32, path_config: Option<&str>) -> Option<CaseReview> {
        self.review_on(&self.page_config, case_id, path_config)
    }

    /// Like [`Self::review`], with another page configuration than the stored one.
    pub fn review_on(&self, page_config: &PageConfig, case_id: i32, path_config: Option<&str>) -> Option<CaseReview> {
        let case = self.by_id.get(&case_id)?;
        Some(CaseReview::new(case, page_config, &PathConfig::parse(path_config)))
    }

    /// Returns whether a path names something in a case, like [`crate::naming::unnamed`].
    pub fn is_named(&self, case_id: i32, path: &str) -> bool {
        self.by_id.get(&case_id).is_some_and(|case| Shown::of(case, &self.page_config).is_named_by(path))
    }

    /// Returns all values of this case under `BACKGROUND`, in the page's order.
    pub fn background(&self, case_id: i32) -> Vec<Finding> {
        let Some(case) = self.by_id.get(&case_id) else { return Vec::new() };
        let finding = |(categories, text): (Vec<&str>, String)| Finding {
            categories: categories.into_iter().map(str::to_owned).collect(),
            text,
        };
        let of_section = |section: &Section| match section {
            Section::Background(categories) => {
                Background::of(categories, case).findings().into_iter().map(finding).collect()
            }
            Section::PatientComplaint(_) | Section::PhysicalExamination(_) => Vec::new(),
        };
        self.page_config.sections.iter().flat_map(of_section).collect()
    }

    /// Returns every path that an assignment of this case can name, without duplicates, in the page's order.
    pub fn paths(&self, case_id: i32) -> IndexSet<String> {
        let Some(case) = self.by_id.get(&case_id) else { return IndexSet::new() };
        let of_section = |section: &Section| match section {
            Section::Background(categories) => below(BACKGROUND, Background::of(categories, case).paths()),
            Section::PatientComplaint(groups) => below(PATIENT_COMPLAINT, complaint::paths(groups, case)),
            Section::PhysicalExamination(groups) => below(PHYSICAL_EXAMINATION, examination::paths(groups, case)),
        };
        let of_sections = self.page_config.sections.iter().flat_map(of_section);
        of_sections.chain(below(ai_score::SECTION, ai_score::paths(case))).collect()
    }
}

#[derive(Default)]
struct Loaded {
    page_config: Option<PageConfig>,
    by_id: BTreeMap<i32, Case>,
}

impl Loaded {
    fn add(&mut self, rows: Vec<Row>) {
        let stored = rows.first().and_then(|row| row.page_config.as_deref());
        if self.page_config.is_none() {
            self.page_config = stored.and_then(PageConfig::parse);
        }
        self.by_id.extend(rows.into_iter().filter_map(Row::into_case).map(|case| (case.visit_occurrence_id, case)));
    }

    fn cases(self) -> Option<Cases> {
        let Self { page_config, by_id } = self;
        page_config.map(|page_config| Cases { page_config, by_id })
    }
}

fn below(section: &str, paths: Vec<String>) -> Vec<String> {
    paths.into_iter().map(|path| format!("{section}.{path}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::example::{complained, measured, observed, visit};

    #[test]
    fn every_listed_path_names_something() {
        let page = json!({
            "BACKGROUND": {"Family History": [11], "Social History": {"Tobacco": [12]}, "Never recorded": [13]},
            "PATIENT COMPLAINT": {"Chief Complaint": [21]},
            "PHYSICAL EXAMINATION": {"Chest": [51], "Head": [52]},
        });
        let observations = vec![
            observed(11, "Dr. Notes: v1.5"),
            observed(12, "Ex-smoker"),
            complained(21, 31, "severe"),
            observed(45_614_722, "Adjusted CRC Risk: High"),
        ];
        let case = Case { observations, measurements: vec![measured(51, "1")], ..visit() };
        let cases =
            Cases { page_config: PageConfig::parse(&page.to_string()).unwrap(), by_id: BTreeMap::from([(7, case)]) };

        let paths: Vec<String> = cases.paths(7).into_iter().collect();

        assert_eq!(
            paths,
            [
                "BACKGROUND.Family History.Dr. Notes: v1.5",
                "BACKGROUND.Social History.Tobacco.Ex-smoker",
                "PATIENT COMPLAINT.Chief Complaint.Cough",
                "PHYSICAL EXAMINATION.Chest.Lungs",
                "RISK ASSESSMENT.CRC risk assessments",
            ]
        );
        assert!(paths.iter().all(|path| cases.is_named(7, path)));
    }
}
