//! Takes earlier assignment files into account.

use std::collections::{BTreeMap, BTreeSet};

use super::design::Design;
use super::display::Lines;
use super::draw::FirstReading;
use super::sample::{Case, Participant, Taken};
use super::strata::Strata;
use super::written::Written;

/// Counts the participants and readers of earlier files.
///
/// # Errors
/// If the file of participants has no stratum for one of them.
pub fn taken(files: &[Vec<Written>], cases: &[Case], strata: &Strata, names: &[String]) -> Result<Taken, String> {
    let mut readers = vec![Vec::new(); cases.len()];
    let mut by_user = BTreeMap::new();
    for written in files.iter().flatten() {
        let stratum = strata.of(&written.user, names).ok_or_else(|| {
            format!(
                "strata.participants: the participant of row {} is not in the file of participants",
                written.rows[0].line
            )
        })?;
        by_user.insert(&written.user, stratum);
        if let Some(case) = cases.iter().position(|case| case.id == written.case) {
            readers[case].push(stratum);
        }
    }
    Ok(Taken { readers, strata: by_user.into_values().collect() })
}

/// First readings, as input for second ones.
pub struct First {
    /// Each participant's readings, in order.
    pub readings: Vec<Vec<FirstReading>>,
    /// The paths shown, by address and case.
    pub shown: BTreeMap<(String, i32), Lines>,
}

impl First {
    /// Returns the largest number of first readings of a participant.
    pub fn most(&self) -> usize {
        self.readings.iter().map(Vec::len).max().unwrap_or_default()
    }
}

/// Finds the first readings of these participants.
///
/// # Errors
/// If the file has an arm that is not in the design.
pub fn first(file: &[Written], design: &Design, participants: &[Participant], cases: &[Case]) -> Result<First, String> {
    let mut first = First { readings: vec![Vec::new(); participants.len()], shown: BTreeMap::new() };
    for written in file {
        let Some(participant) = participants.iter().position(|one| one.email == written.user) else { continue };
        let Some(case) = cases.iter().position(|case| case.id == written.case) else { continue };
        let arm = design.arms.iter().position(|arm| arm.name == written.rows[0].arm);
        let arm = arm.ok_or_else(|| format!("row {}: Arm is not one of the design's arms", written.rows[0].line))?;
        first.readings[participant].push(FirstReading { case, arm });
        first.shown.insert((written.user.clone(), written.case), written.shown());
    }
    Ok(first)
}

/// Returns the addresses in the files.
pub fn users(files: &[Vec<Written>]) -> BTreeSet<&str> {
    files.iter().flatten().map(|written| written.user.as_str()).collect()
}
