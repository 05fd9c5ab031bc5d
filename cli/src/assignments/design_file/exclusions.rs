//! `[[exclude]]`: who does not read what. Addresses are not repeated in errors.

use std::collections::BTreeSet;

use super::design::Design;
use super::sample::{Case, Participant};

/// Takes participants and cases out of the study: an exclusion without cases is one of the participant, and one without a participant is
/// one of the cases.
///
/// # Errors
/// If a case is none of the study's.
pub fn take_out(design: &Design, participants: &mut BTreeSet<String>, cases: &mut BTreeSet<i32>) -> Result<(), String> {
    for (index, exclude) in design.exclude.iter().enumerate() {
        match (&exclude.participant, &exclude.cases) {
            (Some(participant), None) => {
                participants.remove(participant);
            }
            (None, Some(excluded)) => {
                if let Some(unknown) = excluded.iter().find(|case| !cases.remove(case)) {
                    return Err(format!("exclude[{index}].cases: {unknown} is none of the cases"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Returns which participants do not read which cases, as indexes. `known` has all addresses, also those of earlier files.
///
/// # Errors
/// If an exclusion names nobody, or a case that is none of the study's.
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
                return Err(format!("exclude[{index}].participant: is none of the participants"));
            }
            (Some(participant), Some(without)) => {
                for id in without {
                    let case = cases.iter().position(|case| case.id == *id);
                    let case = case.ok_or_else(|| format!("exclude[{index}].cases: {id} is none of the cases"))?;
                    let participant = participants.iter().position(|one| one.email == *participant);
                    excluded.extend(participant.map(|participant| (participant, case)));
                }
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
    Ok(excluded)
}
