//! Assigns cases to participants, always one of the cases with the fewest readers.
//!
//! Among these it prefers the stratum of cases that is furthest behind its share, and in it the cases with the fewest readers from the
//! participant's own stratum; the rest is random. Without exclusions the numbers of readers of two cases differ by at most 1.

use super::sample::Sample;
use crate::random::SeededRng;

/// The assignments so far.
pub struct Deal<'a> {
    sample: &'a Sample,
    /// Readers of each case.
    readers: Vec<usize>,
    /// Readers of each case, by stratum of participants.
    readers_of_stratum: Vec<Vec<usize>>,
    /// Cases in each stratum.
    cases: Vec<usize>,
    readings: Vec<usize>,
}

impl<'a> Deal<'a> {
    pub fn new(sample: &'a Sample) -> Self {
        let number = sample.cases.len();
        let strata = sample.cases.iter().map(|case| case.stratum + 1).max().unwrap_or(0);
        let mut deal = Self {
            sample,
            readers: vec![0; number],
            readers_of_stratum: vec![vec![0; number]; sample.participant_strata.len()],
            cases: vec![0; strata],
            readings: vec![0; strata],
        };
        sample.cases.iter().for_each(|case| deal.cases[case.stratum] += 1);
        for (case, strata) in sample.taken.readers.iter().enumerate() {
            strata.iter().for_each(|stratum| deal.count(case, *stratum));
        }
        deal
    }

    /// Returns cases for a participant, unordered, or `None` if exclusions leave too few.
    pub fn give(&mut self, participant: usize, rng: &mut SeededRng) -> Option<Vec<usize>> {
        let stratum = self.sample.participants[participant].stratum;
        let is_open = |case: &usize| {
            let is_full = self.sample.most_readers.is_some_and(|most| self.readers[*case] >= most);
            !is_full && !self.sample.excluded.contains(&(participant, *case))
        };
        let mut open: Vec<usize> = (0..self.sample.cases.len()).filter(is_open).collect();
        let mut own = Vec::with_capacity(self.sample.cases_per_participant);
        while own.len() < self.sample.cases_per_participant {
            let best = self.best_of(&open, stratum);
            let case = *best.get(rng.below(best.len().max(1)))?;
            open.retain(|other| *other != case);
            self.count(case, stratum);
            own.push(case);
        }
        Some(own)
    }

    fn count(&mut self, case: usize, stratum: usize) {
        self.readers[case] += 1;
        self.readers_of_stratum[stratum][case] += 1;
        self.readings[self.sample.cases[case].stratum] += 1;
    }

    fn best_of(&self, open: &[usize], stratum: usize) -> Vec<usize> {
        let fewest = least(open, |case| self.readers[case]);
        let due = least(&fewest, |case| self.due(self.sample.cases[case].stratum));
        least(&due, |case| self.readers_of_stratum[stratum][case])
    }

    /// Returns the deadline by which a stratum's next reading has to come, and the stratum's number to break ties. Earliest deadline
    /// first keeps each stratum within one reading of its share (Tijdeman 1980).
    fn due(&self, stratum: usize) -> (usize, usize) {
        let all = self.sample.cases.len();
        (((self.readings[stratum] + 1) * all).div_ceil(self.cases[stratum]), stratum)
    }
}

/// Returns the cases with the smallest key.
fn least<T: Ord>(cases: &[usize], key: impl Fn(usize) -> T) -> Vec<usize> {
    let Some(least) = cases.iter().map(|case| key(*case)).min() else { return Vec::new() };
    cases.iter().copied().filter(|case| key(*case) == least).collect()
}
