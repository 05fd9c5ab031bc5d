//! The participants and cases of a study, and whether a design can be kept with so many of them.

use std::collections::BTreeSet;

use super::design::{Design, FactorChance};

/// Who can read what.
#[derive(Debug)]
pub struct Sample {
    /// Those who are to be assigned, sorted by address.
    pub participants: Vec<Participant>,
    /// The names of their strata, by number.
    pub participant_strata: Vec<String>,
    /// Sorted by id.
    pub cases: Vec<Case>,
    /// Indexes of a participant and a case that this participant does not read.
    pub excluded: BTreeSet<(usize, usize)>,
    pub cases_per_participant: usize,
    /// No case is read by more.
    pub most_readers: Option<usize>,
    pub taken: Taken,
}

/// The parts of a sample, as files and database have them.
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
    /// The number of the stratum.
    pub stratum: usize,
}

#[derive(Clone, Debug)]
pub struct Case {
    /// `visit_occurrence_id`.
    pub id: i32,
    /// The number of the stratum.
    pub stratum: usize,
    /// For each factor, whether the case has one of its paths.
    pub has: Vec<bool>,
}

/// What earlier files have assigned to other participants.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// For each case, the numbers of the strata of those who read it.
    pub readers: Vec<Vec<usize>>,
    /// The strata of the participants of those files.
    pub strata: Vec<usize>,
}

impl Taken {
    /// Returns how many participants of earlier files are in a stratum.
    pub fn in_stratum(&self, stratum: usize) -> usize {
        self.strata.iter().filter(|other| **other == stratum).count()
    }
}

impl Sample {
    /// Compares a design with what there is.
    ///
    /// # Errors
    /// Why the design cannot be kept, and by which key.
    pub fn new(design: &Design, found: Found) -> Result<Self, String> {
        let present = found.participants.len() + found.taken.strata.len();
        let cases_per_participant = cases_per_participant(design, present, found.cases.len())?;
        let sample = Self::with(found, cases_per_participant, design.readers_per_case);
        sample.check_exclusions()?;
        sample.check_runs(design)?;
        sample.check_counts(design)?;
        Ok(sample)
    }

    /// Takes the sample of second readings: whose first ones are at hand, in whatever number. `cases_per_participant` is the largest.
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
                return Err(format!("{key}: the {each} cases of a participant cannot be divided by {of}"));
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
                return Err(format!("{key}: {count} of {each} cases of a participant cannot be"));
            }
            if let Some(case) = self.cases.iter().find(|case| !case.has[index]) {
                return Err(format!("{key}: case {} has none of its paths, so that no count can be kept", case.id));
            }
        }
        Ok(())
    }

    /// Returns the number of readings between which a count is kept.
    pub fn run_length(&self, of: Option<usize>) -> usize {
        of.unwrap_or(self.cases_per_participant)
    }
}

fn cases_per_participant(design: &Design, present: usize, cases: usize) -> Result<usize, String> {
    let planned = design.participants.unwrap_or(present);
    if present > planned {
        return Err(format!("participants: the design is for {planned}, and there are {present}"));
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
        return Err(format!("cases_per_participant: {each} cases, and there are {cases}; nobody reads a case twice"));
    }
    Ok(each)
}
