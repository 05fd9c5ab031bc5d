//! Checks a page configuration against its rules (contract, section 4) and against the data.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use shared::db::Database;
use shared::page_config::{BACKGROUND, PATIENT_COMPLAINT, PHYSICAL_EXAMINATION};
use shared::stored_json::{entries, fields};

use super::data::{self, Known};
use super::finding::Finding;
use crate::failure::Failure;
use crate::plausibility;

/// The key of `PATIENT COMPLAINT` in the list of cases.
const CHIEF_COMPLAINT: &str = "Chief Complaint";

/// A key with its concepts.
pub struct Leaf {
    pub section: &'static str,
    /// `BACKGROUND.Social History.Smoke`
    pub place: String,
    pub concepts: Vec<i32>,
}

/// Returns all errors and warnings, in the configuration's order; then implausible values of the data.
pub async fn check_with_values(json: &str, db: &Database) -> Result<Vec<Finding>, Failure> {
    let mut findings = check(json, db).await?;
    let implausible = plausibility::find(db).await?.into_iter();
    findings.extend(implausible.map(|one| Finding::note(&one.place, format!("{} rows: {}", one.rows, one.problem))));
    Ok(findings)
}

/// Returns all errors and warnings, in the configuration's order.
pub async fn check(json: &str, db: &Database) -> Result<Vec<Finding>, Failure> {
    let (leaves, mut findings) = read(json);
    let concepts: Vec<i32> = leaves.iter().flat_map(|leaf| leaf.concepts.iter().copied()).collect();
    let known = data::of_concepts(&concepts, db).await?;
    findings.extend(leaves.iter().flat_map(|leaf| against_data(leaf, &known)));
    Ok(findings)
}

fn read(json: &str) -> (Vec<Leaf>, Vec<Finding>) {
    let (mut leaves, mut findings) = (Vec::new(), Vec::new());
    let Some(sections) = fields(json) else {
        return (leaves, vec![Finding::wrong("", "has to be a JSON object of sections")]);
    };
    let known = [BACKGROUND, PATIENT_COMPLAINT, PHYSICAL_EXAMINATION];
    for (name, content) in &sections {
        match known.into_iter().find(|section| section == name) {
            Some(section) => read_section(section, section, content, &mut leaves, &mut findings),
            None => {
                findings.push(Finding::wrong(name, format!("is not a section; the sections are {}", known.join(", "))));
            }
        }
    }
    for missing in known.into_iter().filter(|section| !sections.contains_key(*section)) {
        findings.push(Finding::note(missing, "is not configured, so no case shows it"));
    }
    let is_complained = leaves.iter().any(|leaf| leaf.place == format!("{PATIENT_COMPLAINT}.{CHIEF_COMPLAINT}"));
    if !is_complained {
        let text = format!("has no key {CHIEF_COMPLAINT}: the list of cases names no complaint");
        findings.push(Finding::note(PATIENT_COMPLAINT, text));
    }
    (leaves, findings)
}

fn read_section(
    section: &'static str,
    place: &str,
    content: &RawValue,
    leaves: &mut Vec<Leaf>,
    findings: &mut Vec<Finding>,
) {
    let Some(keys) = fields(content.get()) else {
        findings.push(Finding::wrong(place, "has to be an object of keys"));
        return;
    };
    if keys.is_empty() {
        findings.push(Finding::note(place, "has no keys"));
    }
    for (key, content) in &keys {
        let place = format!("{place}.{key}");
        match entries(content.get()) {
            Some(ids) => leaves.extend(leaf(section, place, &ids, findings)),
            None if section == BACKGROUND && fields(content.get()).is_some() => {
                read_section(section, &place, content, leaves, findings);
            }
            None => findings.push(Finding::wrong(&place, "has to be a list of concept ids")),
        }
    }
}

fn leaf(section: &'static str, place: String, ids: &[&RawValue], findings: &mut Vec<Finding>) -> Option<Leaf> {
    let mut concepts = Vec::new();
    for id in ids {
        match id.get().parse() {
            Ok(id) => concepts.push(id),
            Err(_) => findings.push(Finding::wrong(&place, format!("{} is not a concept id", id.get()))),
        }
    }
    if concepts.is_empty() {
        findings.push(Finding::wrong(&place, "names no concept"));
        return None;
    }
    Some(Leaf { section, place, concepts })
}

fn against_data(leaf: &Leaf, known: &BTreeMap<i32, Known>) -> Vec<Finding> {
    let of = |id: &i32| known.get(id);
    let mut findings: Vec<Finding> = leaf
        .concepts
        .iter()
        .filter(|id| of(id).is_none_or(|known| known.name.is_none()))
        .map(|id| Finding::note(&leaf.place, format!("concept {id} is not in the vocabulary (concept)")))
        .collect();
    let visits: i64 = leaf.concepts.iter().filter_map(of).map(|known| known.visits_in(leaf.section)).sum();
    if visits == 0 {
        let rows = match leaf.section {
            PATIENT_COMPLAINT => "observation of this type",
            PHYSICAL_EXAMINATION => "measurement of this concept, or of one that it subsumes or is characterized by",
            _ => "observation of this concept",
        };
        findings.push(Finding::note(
            &leaf.place,
            format!("no visit has an {rows}, so no case shows it").replace("an m", "a m"),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Vec<String> {
        read(json)
            .1
            .iter()
            .filter(|finding| finding.is_wrong())
            .map(|one| format!("{}|{}", one.place, one.text))
            .collect()
    }

    #[test]
    fn parts_that_the_server_would_ignore_are_errors() {
        let said = said(
            r#"{"BACKGROUND": {"A": {"B": ["x", 1]}, "C": 5}, "PATIENT COMPLAINT": [1], "PHYSICAL EXAMINATION": {"D": {"E": [1]}}, "OTHER": {}}"#,
        );

        assert_eq!(
            said,
            [
                "BACKGROUND.A.B|\"x\" is not a concept id",
                "BACKGROUND.C|has to be a list of concept ids",
                "PATIENT COMPLAINT|has to be an object of keys",
                "PHYSICAL EXAMINATION.D|has to be a list of concept ids",
                "OTHER|is not a section; the sections are BACKGROUND, PATIENT COMPLAINT, PHYSICAL EXAMINATION",
            ]
        );
    }

    #[test]
    fn leaves_are_found_at_any_depth() {
        let (leaves, _) = read(r#"{"BACKGROUND": {"A": {"B": {"C": [1, 2]}}}}"#);

        assert_eq!((&*leaves[0].place, &*leaves[0].concepts), ("BACKGROUND.A.B.C", &[1, 2][..]));
    }

    #[test]
    fn a_configuration_that_is_not_an_object_is_an_error() {
        assert_eq!(said("[]"), ["|has to be a JSON object of sections"]);
    }
}
