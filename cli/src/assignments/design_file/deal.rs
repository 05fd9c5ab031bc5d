//! Which participant reads which case: always one of the cases that the fewest have.
//!
//! Among these comes the stratum of cases that is most behind its share, and in it the cases that the fewest of the participant's own
//! stratum have; chance decides between the rest. Without exclusions the numbers of readers of two cases never differ by more than 1.

use std::collections::BTreeSet;

use super::sample::Sample;
use crate::random::Chance;

/// The readings that are given out so far.
pub struct Deal<'a> {
    sample: &'a Sample,
    /// For each case, the strata of its readers.
    readers: Vec<Vec<usize>>,
    /// For each stratum of cases, how many there are, and how many readings of them.
    cases: Vec<usize>,
    readings: Vec<usize>,
}

impl<'a> Deal<'a> {
    pub fn new(sample: &'a Sample) -> Self {
        let mut readers = sample.taken.readers.clone();
        readers.resize(sample.cases.len(), Vec::new());
        let strata = sample.cases.iter().map(|case| case.stratum + 1).max().unwrap_or(0);
        let (mut cases, mut readings) = (vec![0; strata], vec![0; strata]);
        for (case, readers) in sample.cases.iter().zip(&readers) {
            cases[case.stratum] += 1;
            readings[case.stratum] += readers.len();
        }
        Self { sample, readers, cases, readings }
    }

    /// Gives a participant cases, in no order. `None` where exclusions leave too few of them.
    pub fn give(&mut self, participant: usize, chance: &mut Chance) -> Option<Vec<usize>> {
        let mut own = BTreeSet::new();
        while own.len() < self.sample.cases_per_participant {
            let case = self.least_filled(participant, &own, chance)?;
            own.insert(case);
            self.readings[self.sample.cases[case].stratum] += 1;
            self.readers[case].push(self.sample.participants[participant].stratum);
        }
        Some(own.into_iter().collect())
    }

    fn least_filled(&self, participant: usize, own: &BTreeSet<usize>, chance: &mut Chance) -> Option<usize> {
        let is_open = |case: &usize| {
            let is_full = self.sample.most_readers.is_some_and(|most| self.readers[*case].len() >= most);
            !is_full && !own.contains(case) && !self.sample.excluded.contains(&(participant, *case))
        };
        let mut open: Vec<usize> = (0..self.sample.cases.len()).filter(is_open).collect();
        keep_least(&mut open, |case| self.readers[case].len());
        keep_least(&mut open, |case| self.due(self.sample.cases[case].stratum));
        let stratum = self.sample.participants[participant].stratum;
        keep_least(&mut open, |case| self.readers[case].iter().filter(|other| **other == stratum).count());
        (!open.is_empty()).then(|| open[chance.below(open.len())])
    }

    /// Returns how many readings there are at most when a stratum has its share with the next one (earliest deadline first, which keeps
    /// each stratum within one reading of its share; Tijdeman 1980), and the number of the stratum, by which ties are broken.
    fn due(&self, stratum: usize) -> (usize, usize) {
        let all = self.sample.cases.len();
        (((self.readings[stratum] + 1) * all).div_ceil(self.cases[stratum]), stratum)
    }
}

fn keep_least<T: Ord>(cases: &mut Vec<usize>, key: impl Fn(usize) -> T) {
    let keys: Vec<T> = cases.iter().map(|case| key(*case)).collect();
    let Some(least) = keys.iter().min() else { return };
    let mut is_least = keys.iter().map(|key| key == least);
    cases.retain(|_| is_least.next().unwrap_or(false));
}
