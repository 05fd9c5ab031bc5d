//! Checks whether the entries of a `path_config` name anything in their case: a typo there silently hides a feature.

use std::collections::{BTreeMap, BTreeSet};

use shared::db::Database;
use shared::page_config::{BACKGROUND, PATIENT_COMPLAINT, PHYSICAL_EXAMINATION, PageConfig, Section};

use crate::background::Background;
use crate::case::Case;
use crate::queries::Row;
use crate::{ai_score, complaint, examination, queries};

/// The paths of entries by case (`visit_occurrence_id`).
pub type PathsByCase<'a> = BTreeMap<i32, BTreeSet<&'a str>>;

/// The result of a check of paths.
#[derive(Debug, Default)]
pub struct Unnamed<'a> {
    /// Without `system_config['page_config']` no case can be shown, and no path checked.
    pub is_page_config_missing: bool,
    /// Cases without a visit or without its patient.
    pub missing_cases: BTreeSet<i32>,
    /// Paths that name nothing in an existing case.
    pub paths: PathsByCase<'a>,
}

/// Bounds the duration of a statement: each case takes 0.3 ms.
const CASES_PER_STATEMENT: usize = 200;

/// Returns the `paths` that name nothing in the data of their cases.
pub async fn unnamed<'a>(db: &Database, paths: &PathsByCase<'a>) -> Result<Unnamed<'a>, sqlx::Error> {
    let mut found = Unnamed::default();
    let cases: Vec<i32> = paths.keys().copied().collect();
    for chunk in cases.chunks(CASES_PER_STATEMENT) {
        found.missing_cases.extend(chunk);
        let rows = queries::of_visits(db, chunk).await?;
        let page_config = rows.first().and_then(|row| PageConfig::parse(row.page_config.as_deref()?));
        found.is_page_config_missing |= page_config.is_none();
        for case in rows.into_iter().filter_map(Row::into_case) {
            found.missing_cases.remove(&case.visit_occurrence_id);
            let (Some(page_config), Some(paths)) = (&page_config, paths.get(&case.visit_occurrence_id)) else {
                continue;
            };
            let shown = Shown::of(&case, page_config);
            let unnamed: BTreeSet<&str> = paths.iter().copied().filter(|path| !shown.is_named_by(path)).collect();
            if !unnamed.is_empty() {
                found.paths.insert(case.visit_occurrence_id, unnamed);
            }
        }
    }
    Ok(found)
}

/// The parts of a case that can be shown.
pub(crate) struct Shown<'a> {
    case: &'a Case,
    background: Option<Background<'a>>,
    complaints: Vec<String>,
    examinations: Vec<String>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(case: &'a Case, page_config: &'a PageConfig) -> Self {
        let mut shown = Self { case, background: None, complaints: Vec::new(), examinations: Vec::new() };
        for section in &page_config.sections {
            match section {
                Section::Background(categories) => shown.background = Some(Background::of(categories, case)),
                Section::PatientComplaint(groups) => shown.complaints = complaint::paths(groups, case),
                Section::PhysicalExamination(groups) => shown.examinations = examination::titles(groups, case),
            }
        }
        shown
    }

    pub(crate) fn is_named_by(&self, path: &str) -> bool {
        let below = |section: &str| path.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'));
        if let Some(path) = below(BACKGROUND) {
            self.background.as_ref().is_some_and(|background| background.is_named_by(path))
        } else if let Some(path) = below(PATIENT_COMPLAINT) {
            self.complaints.iter().any(|complaint| complaint == path)
        } else if let Some(path) = below(PHYSICAL_EXAMINATION) {
            self.examinations.iter().any(|title| examination::is_named_by(title, path))
        } else if let Some(text) = below(ai_score::SECTION) {
            ai_score::is_named_by(self.case, text)
        } else {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::case::Observation;
    use crate::example::{complained, measured, observed, visit};

    const RISK_ASSESSMENT: i32 = 45_614_722;

    #[track_caller]
    fn check_names(observations: Vec<Observation>, names: &[&str], names_nothing: &[&str]) {
        let page = json!({
            "BACKGROUND": {"Family History": [11], "Social History": {"Tobacco": [12]}, "Never recorded": [13]},
            "PATIENT COMPLAINT": {"Chief Complaint": [21]},
            "PHYSICAL EXAMINATION": {"a": [51], "b": [52]},
        });
        let case = Case { observations, measurements: vec![measured(51, "1")], ..visit() };
        let page_config = PageConfig::parse(&page.to_string()).unwrap();
        let shown = Shown::of(&case, &page_config);

        for (paths, expected) in [(names, true), (names_nothing, false)] {
            for path in paths {
                assert_eq!(shown.is_named_by(path), expected, "{path}");
            }
        }
    }

    #[test]
    fn a_background_path_names_a_value_of_the_visit() {
        let observations = vec![observed(11, "Dr. Notes: v1.5"), observed(12, "Ex-smoker")];
        check_names(
            observations,
            &[
                "BACKGROUND.Family History.Dr. Notes: v1.5",
                "BACKGROUND.Social History.Tobacco.Ex-smoker",
                "BACKGROUND.Social History.Tobacco",
                "BACKGROUND.Patient Demographics.Age",
            ],
            &[
                "BACKGROUND.Famly History.Dr. Notes: v1.5",
                "BACKGROUND.Family History.Cancer: Yes",
                "BACKGROUND.Family History",
                "BACKGROUND.Never recorded.x",
                "BACKGROUND.Patient Demographics.Name",
                "BACKGROUND",
                "background.Family History.Dr. Notes: v1.5",
            ],
        );
    }

    #[test]
    fn names_a_complaint_by_its_concept() {
        let observations = vec![complained(21, 31, "severe")];
        check_names(
            observations,
            &["PATIENT COMPLAINT.Chief Complaint.Cough"],
            &["PATIENT COMPLAINT.Chief Complaint.Fever"],
        );
    }

    #[test]
    fn names_an_examination_by_the_end_of_the_path() {
        check_names(
            vec![],
            &["PHYSICAL EXAMINATION.any.Lungs"],
            &["PHYSICAL EXAMINATION.any.Spleen", "PHYSICAL EXAMINATION.any.Ext. ear", "PHYSICAL EXAMINATION.Lungs"],
        );
    }

    #[test]
    fn names_a_score_that_is_stated_or_in_the_visit() {
        let toggle = "RISK ASSESSMENT.CRC risk assessments";
        let stated = "RISK ASSESSMENT.Colorectal Cancer Score: 7.5";

        check_names(
            vec![],
            &[stated],
            &[toggle, "RISK ASSESSMENT.Colorectal Cancer Score", "RISK ASSESSMENT.Heart Score: 1"],
        );
        check_names(vec![observed(RISK_ASSESSMENT, "Adjusted CRC Risk: High")], &[toggle], &[]);
    }
}
