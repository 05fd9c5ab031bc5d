//! Features of a case: the parts of `BACKGROUND` that a study can show or hide.
//!
//! `BACKGROUND.Family History.Cancer: Yes` is the feature `Family History.Cancer` with the value `Yes`. A text without a colon is a value
//! of the nested category that contains it (`Social History.Smoke`: `Former smoker`), or, directly below a section's key, a feature that
//! is present (`Medical History.Asthma`: `Yes`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use case_reviews::preview::{Cases, Finding};
use futures_util::TryStreamExt as _;
use shared::db::{Database, Transaction};
use sqlx::PgConnection;

use super::answered;
use crate::failure::Failure;

/// Number of cases in memory.
const CASES_AT_A_TIME: usize = 200;

/// Values by feature.
pub type Features = BTreeMap<String, String>;

/// Always shown, with separate columns.
const DEMOGRAPHICS: &str = "Patient Demographics";

/// Returns every feature of the study: of a case that was assigned or answered, or of what was to be shown of it.
pub async fn of_study(snapshot: &mut PgConnection, db: &Database) -> Result<BTreeSet<String>, Failure> {
    let mut features = BTreeSet::new();
    let mut backgrounds = Backgrounds::in_snapshot(snapshot, db).await?;
    let mut batches = sqlx::query!(
        "SELECT DISTINCT case_id, path_config FROM (
             SELECT case_id, display_configuration::text AS path_config FROM answer
             UNION ALL SELECT case_id, path_config::text FROM display_config) AS shown
         ORDER BY case_id"
    )
    .fetch(snapshot)
    .try_chunks(CASES_AT_A_TIME);
    while let Some(batch) = batches.try_next().await.map_err(|error| error.1)? {
        let recorded = backgrounds.load(batch.iter().filter_map(|shown| shown.case_id)).await?;
        for shown in batch {
            let paths = shown.path_config.as_deref().map(answered::paths).unwrap_or_default();
            features.extend(self::shown(&paths, shown.case_id, recorded).into_keys());
            features.extend(recorded.of(shown.case_id).into_iter().flat_map(Features::keys).cloned());
        }
    }
    Ok(features)
}

/// Returns the features that paths name.
pub fn shown(paths: &[String], case_id: Option<i32>, recorded: &Recorded) -> Features {
    let below = paths.iter().filter_map(|path| path.strip_prefix("BACKGROUND."));
    let named = below.filter_map(|path| recorded.named(case_id, path).or_else(|| of_path(path)));
    joined(named)
}

/// Recorded features of the most recently loaded cases.
pub struct Backgrounds {
    /// The same snapshot in a second session, because the first one is busy with a stream of rows.
    snapshot: Transaction,
    cases: Recorded,
}

#[derive(Default)]
pub struct Recorded(HashMap<i32, Background>);

/// Recorded features of a case.
#[derive(Default)]
struct Background {
    /// Feature and value by path below `BACKGROUND`, because values may contain full stops.
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
    /// Opens a session that sees what `snapshot` sees.
    pub async fn in_snapshot(snapshot: &mut PgConnection, db: &Database) -> Result<Self, Failure> {
        let id = sqlx::query_scalar!(r#"SELECT pg_export_snapshot() AS "id!""#).fetch_one(snapshot).await?;
        // in the same statement, because a snapshot is taken over before anything else
        let begin = format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{id}'");
        Ok(Self { snapshot: Box::pin(db.begin_with(&begin)).await?, cases: Recorded::default() })
    }

    /// Loads these cases, and drops all others.
    pub async fn load(&mut self, cases: impl Iterator<Item = i32>) -> Result<&Recorded, Failure> {
        let Self { snapshot, cases: Recorded(known) } = self;
        let wanted: BTreeSet<i32> = cases.collect();
        known.retain(|case, _| wanted.contains(case));
        let missing: Vec<i32> = wanted.into_iter().filter(|case| !known.contains_key(case)).collect();
        if let Some(loaded) = Cases::load_in(&missing, snapshot).await? {
            known.extend(missing.into_iter().map(|case| (case, Background::of(&loaded.background(case)))));
        }
        Ok(&self.cases)
    }
}

impl Recorded {
    /// Returns the features of a case, whether or not they were shown.
    pub fn of(&self, case_id: Option<i32>) -> Option<&Features> {
        Some(&self.0.get(&case_id?)?.features)
    }

    /// Returns the feature that a path names, resolved as on the page.
    fn named(&self, case_id: Option<i32>, path: &str) -> Option<(String, String)> {
        self.0.get(&case_id?)?.by_path.get(path).cloned()
    }
}

/// Joins several values of a feature, each once, in one cell.
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

/// Returns the feature and value of a text of the page.
pub fn of_finding(finding: &Finding) -> (String, String) {
    of_parts(&finding.categories.join("."), finding.categories.len() > 1, &finding.text)
}

/// Parses a path without its case: the value follows the last full stop that is not after a colon.
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
    fn a_path_is_parsed_as_a_feature_and_its_value() {
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
    fn a_full_stop_in_a_value_of_the_case_is_part_of_the_value() {
        let finding = Finding { categories: vec!["Medical History".to_owned()], text: "Stent 2.5 mm".to_owned() };
        let recorded = Recorded(HashMap::from([(7, Background::of(&[finding]))]));

        let shown = shown(&["BACKGROUND.Medical History.Stent 2.5 mm".to_owned()], Some(7), &recorded);

        assert_eq!(shown.keys().collect::<Vec<_>>(), ["Medical History.Stent 2.5 mm"]);
    }

    #[test]
    fn several_values_of_a_feature_are_joined_in_one_cell() {
        let paths = ["BACKGROUND.A.B.x", "BACKGROUND.A.B.y", "BACKGROUND.A.B.x"].map(str::to_owned);

        assert_eq!(shown(&paths, None, &Recorded::default())["A.B"], "x; y");
    }
}
