//! The participants and cases of a study, and checks that a design is feasible for them.

use std::collections::BTreeSet;

use super::design::{Design, FactorChance};

/// Participants, cases and exclusions.
#[derive(Debug)]
pub struct Sample {
    /// Participants to assign, sorted by address.
    pub participants: Vec<Participant>,
    /// Names of their strata, by number.
    pub participant_strata: Vec<String>,
    /// Sorted by id.
    pub cases: Vec<Case>,
    /// Pairs of participant and case, as indexes, that must not be read.
    pub excluded: BTreeSet<(usize, usize)>,
    pub cases_per_participant: usize,
    /// Maximum readers of a case.
    pub most_readers: Option<usize>,
    pub taken: Taken,
}

/// Parts of a sample, from files and database.
#[derive(Debug, Default)]
pub struct Found {
    pub participants: Vec<Participant>,
    pub participant_strata: Vec<String>,
    pub cases: Vec<Case>,
    pub excluded: BTreeSet<(usize, usize)>,
    pub taken: Taken,
}

#[derive(Clone, Debug)]
pub struct Participant {
    pub email: String,
    /// Number of the stratum.
    pub stratum: usize,
}

#[derive(Clone, Debug)]
pub struct Case {
    /// `visit_occurrence_id`.
    pub id: i32,
    /// Number of the stratum.
    pub stratum: usize,
    /// For each factor, whether the case has one of its paths.
    pub has: Vec<bool>,
}

/// Assignments of other participants in earlier files.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// For each case, the stratum numbers of its readers.
    pub readers: Vec<Vec<usize>>,
    /// Strata of those participants.
    pub strata: Vec<usize>,
}

impl Taken {
    /// Returns the number of participants of earlier files in a stratum.
    pub fn in_stratum(&self, stratum: usize) -> usize {
        self.strata.iter().filter(|other| **other == stratum).count()
    }
}

impl Sample {
    /// Checks a design against participants and cases.
    ///
    /// # Errors
    /// Why the design is not feasible, with the key.
    pub fn new(design: &Design, found: Found) -> Result<Self, String> {
        let present = found.participants.len() + found.taken.strata.len();
        let cases_per_participant = cases_per_participant(design, present, found.cases.len())?;
        let sample = Self::with(found, cases_per_participant, design.readers_per_case);
        sample.check_exclusions()?;
        sample.check_runs(design)?;
        sample.check_counts(design)?;
        Ok(sample)
    }

    /// Returns the sample for second readings. Participants may have different numbers of first readings; `cases_per_participant` is the
    /// largest.
    ///
    /// # Errors
    /// If a counted factor cannot be shown in a case.
    pub fn of_second(design: &Design, found: Found, cases_per_participant: usize) -> Result<Self, String> {
        let sample = Self::with(found, cases_per_participant, None);
        sample.check_counts(design)?;
        Ok(sample)
    }

    fn with(found: Found, cases_per_participant: usize, most_readers: Option<usize>) -> Self {
        let Found { participants, participant_strata, cases, excluded, taken } = found;
        Self { participants, participant_strata, cases, excluded, cases_per_participant, most_readers, taken }
    }

    fn check_exclusions(&self) -> Result<(), String> {
        for participant in 0..self.participants.len() {
            let excluded = self.excluded.iter().filter(|(other, _)| *other == participant).count();
            let (left, each) = (self.cases.len() - excluded, self.cases_per_participant);
            if left < each {
                return Err(format!(
                    "exclude: leaves a participant {left} cases, and each participant reads {each} (cases_per_participant)"
                ));
            }
        }
        Ok(())
    }

    fn check_runs(&self, design: &Design) -> Result<(), String> {
        let each = self.cases_per_participant;
        for (index, factor) in design.factors.iter().enumerate() {
            let FactorChance::Count { of: Some(of), .. } = factor.chance else { continue };
            if !each.is_multiple_of(of) {
                let key = format!("factors[{index}] ({}).of", factor.name);
                return Err(format!("{key}: the {each} cases of a participant are not divisible by {of}"));
            }
        }
        Ok(())
    }

    fn check_counts(&self, design: &Design) -> Result<(), String> {
        let each = self.cases_per_participant;
        for (index, factor) in design.factors.iter().enumerate() {
            let FactorChance::Count { count, .. } = factor.chance else { continue };
            let key = format!("factors[{index}] ({}).count", factor.name);
            if count > each {
                return Err(format!("{key}: {count} of {each} cases of a participant is impossible"));
            }
            if let Some(case) = self.cases.iter().find(|case| !case.has[index]) {
                return Err(format!("{key}: case {} has none of its paths, so the count cannot be kept", case.id));
            }
        }
        Ok(())
    }

    /// Returns the length of the runs within which a count is kept.
    pub fn run_length(&self, of: Option<usize>) -> usize {
        of.unwrap_or(self.cases_per_participant)
    }
}

fn cases_per_participant(design: &Design, present: usize, cases: usize) -> Result<usize, String> {
    let planned = design.participants.unwrap_or(present);
    if present > planned {
        return Err(format!("participants: the design plans {planned}, but there are {present}"));
    }
    let each = match (design.cases_per_participant, design.readers_per_case) {
        (None, None) => cases,
        (Some(each), None) => each,
        (None, Some(readers)) if (cases * readers).is_multiple_of(planned) => cases * readers / planned,
        (None, Some(readers)) => {
            let all = cases * readers;
            return Err(format!(
                "readers_per_case: {cases} cases × {readers} readers are {all} readings, which {planned} participants cannot \
                 share equally"
            ));
        }
        (Some(each), Some(readers)) if planned * each == cases * readers => each,
        (Some(each), Some(readers)) => {
            return Err(format!(
                "readers_per_case: {cases} cases × {readers} readers are {} readings, but {planned} participants × {each} cases \
                 (cases_per_participant) are {}; `participants` says how many there will be",
                cases * readers,
                planned * each
            ));
        }
    };
    if each > cases {
        return Err(format!(
            "cases_per_participant: {each} cases, but there are only {cases}; nobody reads a case twice"
        ));
    }
    Ok(each)
}
