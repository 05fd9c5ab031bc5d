//! `[[exclude]]`: cases that participants must not read. Errors contain no addresses.

use std::collections::BTreeSet;

use super::design::Design;
use super::sample::{Case, Participant};

/// Removes participants and cases from the study: an exclusion without cases removes the participant, and one without a participant removes
/// the cases.
///
/// # Errors
/// If a case is not in the study.
pub fn take_out(design: &Design, participants: &mut BTreeSet<String>, cases: &mut BTreeSet<i32>) -> Result<(), String> {
    for (index, exclude) in design.exclude.iter().enumerate() {
        match (&exclude.participant, &exclude.cases) {
            (Some(participant), None) => {
                participants.remove(participant);
            }
            (None, Some(excluded)) => {
                if let Some(unknown) = excluded.iter().find(|case| !cases.remove(case)) {
                    return Err(format!("exclude[{index}].cases: {unknown} is not one of the cases"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns the excluded pairs of participant and case, as indexes. `known` has all addresses, including those of earlier files.
///
/// # Errors
/// If an exclusion names an unknown participant or case.
pub fn pairs(
    design: &Design,
    known: &BTreeSet<String>,
    participants: &[Participant],
    cases: &[Case],
) -> Result<BTreeSet<(usize, usize)>, String> {
    let mut excluded = BTreeSet::new();
    for (index, exclude) in design.exclude.iter().enumerate() {
        match (&exclude.participant, &exclude.cases) {
            (None, None) => return Err(format!("exclude[{index}]: has neither participant nor cases")),
            (Some(participant), _) if !known.contains(participant) => {
                return Err(format!("exclude[{index}].participant: is not one of the participants"));
            }
            (Some(participant), Some(without)) => {
                for id in without {
                    let case = cases.iter().position(|case| case.id == *id);
                    let case = case.ok_or_else(|| format!("exclude[{index}].cases: {id} is not one of the cases"))?;
                    let participant = participants.iter().position(|one| one.email == *participant);
                    excluded.extend(participant.map(|participant| (participant, case)));
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
    Ok(excluded)
}
