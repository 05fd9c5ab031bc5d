//! Tables of cases and participants, one for each arm.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Given;
use super::scale::Scale;
use super::truth::Truths;
use crate::study::statistics::{Case, Rating};

/// The answers of an arm.
#[derive(Debug)]
pub struct Arm {
    /// `None` for all answers of all arms.
    pub key: Option<Key>,
    /// `user_id`s; a participant's index is its `reader`.
    pub participants: Vec<u64>,
    /// `visit_occurrence_id` of each case.
    pub case_ids: Vec<i32>,
    pub cases: Vec<Case>,
    /// Number of repeated answers to a case by a participant in this arm.
    pub repeated: usize,
}

/// Experiment and arm, both `None` for answers without an assignment.
pub type Key = (Option<String>, Option<String>);

/// Returns a table for each arm, and, if there are several, one for all answers.
pub fn tables(given: &[Given], scale: &Scale, truths: Option<&Truths>) -> Vec<Arm> {
    let mut by_arm: BTreeMap<Key, Vec<&Given>> = BTreeMap::new();
    for one in given {
        by_arm.entry((one.experiment_id.clone(), one.arm.clone())).or_default().push(one);
    }
    let all = (by_arm.len() > 1).then(|| table(None, &given.iter().collect::<Vec<_>>(), scale, truths));
    by_arm.into_iter().map(|(key, given)| table(Some(key), &given, scale, truths)).chain(all).collect()
}

fn table(key: Option<Key>, given: &[&Given], scale: &Scale, truths: Option<&Truths>) -> Arm {
    let (mut rows, mut repeated) = (BTreeMap::<i32, BTreeMap<u64, usize>>::new(), 0);
    for one in given {
        let Some(category) = scale.category(&one.answer) else { continue };
        let row = rows.entry(one.case_id).or_default();
        repeated += usize::from(row.contains_key(&one.user_id));
        row.entry(one.user_id).or_insert(category);
    }
    let participants: BTreeSet<u64> = rows.values().flat_map(BTreeMap::keys).copied().collect();
    let participants: Vec<u64> = participants.into_iter().collect();
    let rating = |(user_id, category): (&u64, &usize)| {
        Some(Rating { reader: participants.binary_search(user_id).ok()?, category: *category })
    };
    let cases = rows.iter().map(|(case, row)| Case {
        ratings: row.iter().filter_map(rating).collect(),
        truth: truths.and_then(|truths| truths.of(*case)),
    });
    let cases = cases.collect();
    Arm { key, cases, case_ids: rows.into_keys().collect(), participants, repeated }
}

impl Arm {
    /// Returns the name of its random stream. It must never change, so that intervals stay the same.
    pub fn stream(&self) -> String {
        let Some((experiment, arm)) = &self.key else { return "all".to_owned() };
        format!("arm\n{}\n{}", experiment.as_deref().unwrap_or_default(), arm.as_deref().unwrap_or_default())
    }

    pub fn answers(&self) -> usize {
        self.cases.iter().map(|case| case.ratings.len()).sum()
    }

    /// Returns the number of cases that at least two participants have answered.
    pub fn cases_of_several(&self) -> usize {
        self.cases.iter().filter(|case| case.ratings.len() > 1).count()
    }

    /// Returns the number of cases that all participants of the arm have answered.
    pub fn cases_of_all(&self) -> usize {
        self.cases.iter().filter(|case| case.ratings.len() == self.participants.len()).count()
    }
}
