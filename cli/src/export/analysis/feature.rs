//! Features of a case: what a study can show of `BACKGROUND`, or leave out.
//!
//! `BACKGROUND.Family History.Cancer: Yes` is the feature `Family History.Cancer` with the value `Yes`. A text without a colon is the value
//! of the nested category that holds it (`Social History.Smoke`: `Former smoker`), or, right below a section's key, a feature
//! that is there (`Medical History.Asthma`: `Yes`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use case_reviews::preview::{Cases, Finding};
use futures_util::TryStreamExt as _;
use shared::db::Database;
use sqlx::PgConnection;

use super::answered;
use crate::failure::Failure;

/// Cases that memory holds at a time.
const CASES_AT_A_TIME: usize = 200;

/// Values by feature.
pub type Features = BTreeMap<String, String>;

/// Always shown, and columns of their own.
const DEMOGRAPHICS: &str = "Patient Demographics";

/// Every feature of the study: of a case that was assigned or answered, or of what was to be shown of it.
pub async fn of_study(snapshot: &mut PgConnection, db: &Database) -> Result<BTreeSet<String>, Failure> {
    let mut features = BTreeSet::new();
    let mut backgrounds = Backgrounds::default();
    let mut batches = sqlx::query!(
        "SELECT DISTINCT case_id, path_config FROM (
             SELECT case_id, display_configuration::text AS path_config FROM answer
             UNION ALL SELECT case_id, path_config::text FROM display_config) AS shown
         ORDER BY case_id"
    )
    .fetch(snapshot)
    .try_chunks(CASES_AT_A_TIME);
    while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
        backgrounds.load(batch.iter().filter_map(|shown| shown.case_id), db).await?;
        for shown in batch {
            let paths = shown.path_config.as_deref().map(answered::paths).unwrap_or_default();
            features.extend(self::shown(&paths, shown.case_id, &backgrounds).into_keys());
            features.extend(backgrounds.of(shown.case_id).into_iter().flat_map(Features::keys).cloned());
        }
    }
    Ok(features)
}

/// The features that paths name.
pub fn shown(paths: &[String], case_id: Option<i32>, backgrounds: &Backgrounds) -> Features {
    let below = paths.iter().filter_map(|path| path.strip_prefix("BACKGROUND."));
    let named = below.filter_map(|path| backgrounds.named(case_id, path).or_else(|| of_path(path)));
    joined(named)
}

/// What is recorded of cases, the last ones that were looked at.
#[derive(Default)]
pub struct Backgrounds(HashMap<i32, Background>);

/// What is recorded of a case.
#[derive(Default)]
struct Background {
    /// Feature and value by path below `BACKGROUND`: full stops may be part of a value.
    by_path: HashMap<String, (String, String)>,
    features: Features,
}

impl Background {
    fn of(findings: &[Finding]) -> Self {
        let path = |finding: &Finding| format!("{}.{}", finding.categories.join("."), finding.text);
        let by_path = findings.iter().map(|finding| (path(finding), of_finding(finding))).collect();
        Self { by_path, features: joined(findings.iter().map(of_finding)) }
    }
}

impl Backgrounds {
    /// Holds these cases, and no others.
    pub async fn load(&mut self, cases: impl Iterator<Item = i32>, db: &Database) -> Result<(), Failure> {
        let wanted: BTreeSet<i32> = cases.collect();
        self.0.retain(|case, _| wanted.contains(case));
        let missing: Vec<i32> = wanted.into_iter().filter(|case| !self.0.contains_key(case)).collect();
        if let Some(loaded) = Cases::load(&missing, db).await? {
            self.0.extend(missing.into_iter().map(|case| (case, Background::of(&loaded.background(case)))));
        }
        Ok(())
    }

    /// The features of a case, whoever saw them.
    pub fn of(&self, case_id: Option<i32>) -> Option<&Features> {
        Some(&self.0.get(&case_id?)?.features)
    }

    /// The feature that a path names, as the page finds it.
    fn named(&self, case_id: Option<i32>, path: &str) -> Option<(String, String)> {
        self.0.get(&case_id?)?.by_path.get(path).cloned()
    }
}

/// Several values of one feature stand in one cell, each once.
fn joined(features: impl Iterator<Item = (String, String)>) -> Features {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (feature, value) in features {
        let values = all.entry(feature).or_default();
        if !values.contains(&value) {
            values.push(value);
        }
    }
    all.into_iter().map(|(feature, values)| (feature, values.join("; "))).collect()
}

/// Returns the feature that a text of the page stands for, and its value.
pub fn of_finding(finding: &Finding) -> (String, String) {
    of_parts(&finding.categories.join("."), finding.categories.len() > 1, &finding.text)
}

/// Without the case, its value is what stands behind the last full stop, but for those behind a colon.
fn of_path(path: &str) -> Option<(String, String)> {
    let keys = path.split(':').next().unwrap_or_default();
    let (category, _) = keys.rsplit_once('.')?;
    let text = &path[category.len() + 1..];
    let is_demographic = category.split('.').next() == Some(DEMOGRAPHICS);
    (!is_demographic).then(|| of_parts(category, category.contains('.'), text))
}

fn of_parts(category: &str, is_nested: bool, text: &str) -> (String, String) {
    match text.split_once(':') {
        Some((feature, value)) => (format!("{category}.{}", feature.trim()), value.trim().to_owned()),
        None if is_nested => (category.to_owned(), text.trim().to_owned()),
        None => (format!("{category}.{}", text.trim()), "Yes".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_feature_and_its_value() {
        for (path, feature, value) in [
            ("Family History.Cancer: Yes", "Family History.Cancer", "Yes"),
            ("Medical History.Abdominal Pain/Distension: No", "Medical History.Abdominal Pain/Distension", "No"),
            ("Lab.Hemoglobin: 7.5", "Lab.Hemoglobin", "7.5"),
            ("Medical History.Asthma", "Medical History.Asthma", "Yes"),
            ("Social History.Smoke.Former smoker", "Social History.Smoke", "Former smoker"),
            ("Social History.Smoke.Pack years: 20", "Social History.Smoke.Pack years", "20"),
        ] {
            assert_eq!(of_path(path), Some((feature.to_owned(), value.to_owned())), "{path}");
        }
        assert_eq!(of_path("Family History"), None);
        assert_eq!(of_path("Patient Demographics.Age"), None);
    }

    #[test]
    fn a_full_stop_within_a_value_of_the_case_is_part_of_it() {
        let finding = Finding { categories: vec!["Medical History".to_owned()], text: "Stent 2.5 mm".to_owned() };
        let backgrounds = Backgrounds(HashMap::from([(7, Background::of(&[finding]))]));

        let shown = shown(&["BACKGROUND.Medical History.Stent 2.5 mm".to_owned()], Some(7), &backgrounds);

        assert_eq!(shown.keys().collect::<Vec<_>>(), ["Medical History.Stent 2.5 mm"]);
    }

    #[test]
    fn several_values_of_a_feature_stand_in_one_cell() {
        let paths = ["BACKGROUND.A.B.x", "BACKGROUND.A.B.y", "BACKGROUND.A.B.x"].map(str::to_owned);

        assert_eq!(shown(&paths, None, &Backgrounds::default())["A.B"], "x; y");
    }
}
