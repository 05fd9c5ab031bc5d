//! Assigns cases and arms to participants.
//!
//! Participants, cases and arms are shuffled. Then the cases and the arms are repeated cyclically along the sequence of all reading
//! slots, participant after participant; where both cycles would restart together, the arms are shifted by one. So each participant has
//! every arm, each case is read, and each case is read in every arm equally often, give or take one. A participant who reads only some of
//! the cases may have an arm two times more than another.

use crate::random::SeededRng;

/// One participant, one case, one arm: indexes into the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub participant: usize,
    pub case: usize,
    pub arm: usize,
}

/// How arms are assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Design {
    /// Every participant reads in every arm.
    #[default]
    Within,
    /// Every participant reads in only one arm.
    Between,
}

/// Numbers of participants, cases and arms.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub participants: usize,
    pub cases: usize,
    pub arms: usize,
    /// At most `cases`.
    pub cases_per_participant: usize,
}

/// Returns the slots, each participant's in reading order.
pub fn slots(design: Design, size: Size, rng: &mut SeededRng) -> Vec<Slot> {
    let mut order = |count: usize| {
        let mut order: Vec<usize> = (0..count).collect();
        rng.shuffle(&mut order);
        order
    };
    let (participants, cases, arms) = (order(size.participants), order(size.cases), order(size.arms));
    let round_together = least_common_multiple(size.cases, size.arms);
    let mut slots = Vec::with_capacity(size.participants * size.cases_per_participant);
    for (place, &participant) in participants.iter().enumerate() {
        let first = place * size.cases_per_participant;
        let mut own: Vec<Slot> = (first..first + size.cases_per_participant)
            .map(|slot| {
                let arm = match design {
                    Design::Within => slot + slot / round_together,
                    Design::Between => place,
                };
                Slot { participant, case: cases[slot % size.cases], arm: arms[arm % size.arms] }
            })
            .collect();
        rng.shuffle(&mut own);
        slots.extend(own);
    }
    slots
}

/// Returns the probability of a slot's arm. All orders of the arms are equally likely, so every arm is equally likely in every slot.
#[expect(clippy::cast_precision_loss, reason = "there are few arms")]
pub fn allocation_probability(size: Size) -> f64 {
    1.0 / size.arms as f64
}

fn least_common_multiple(one: usize, other: usize) -> usize {
    let (mut divisor, mut rest) = (one, other);
    while rest > 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    one / divisor * other
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn dealt(design: Design, participants: usize, cases: usize, arms: usize, each: usize) -> Vec<Slot> {
        let size = Size { participants, cases, arms, cases_per_participant: each };
        slots(design, size, &mut SeededRng::from_seed("test"))
    }

    /// Returns the difference between the most and the least frequent of all `groups` × `values`.
    fn spread(slots: &[Slot], groups: usize, values: usize, of: impl Fn(&Slot) -> (usize, usize)) -> usize {
        let mut counts = BTreeMap::new();
        slots.iter().for_each(|slot| *counts.entry(of(slot)).or_insert(0) += 1);
        let count = |group, value| counts.get(&(group, value)).copied().unwrap_or(0);
        let of_group = |group| {
            let all = (0..values).map(|value| count(group, value));
            all.clone().max().unwrap() - all.min().unwrap()
        };
        (0..groups).map(of_group).max().unwrap()
    }

    #[test]
    fn a_full_design_is_balanced_in_participants_and_cases() {
        for (participants, cases, arms) in [(4, 12, 4), (3, 12, 4), (7, 10, 3), (5, 9, 2), (12, 6, 4), (1, 5, 3)] {
            let slots = dealt(Design::Within, participants, cases, arms, cases);

            assert_eq!(slots.len(), participants * cases);
            assert_eq!(spread(&slots, participants, cases, |slot| (slot.participant, slot.case)), 0);
            assert!(spread(&slots, participants, arms, |slot| (slot.participant, slot.arm)) <= 1);
            assert!(spread(&slots, cases, arms, |slot| (slot.case, slot.arm)) <= 1, "{participants} {cases} {arms}");
        }
    }

    #[test]
    fn a_design_with_some_of_the_cases_is_balanced() {
        for (participants, cases, arms, each) in [(10, 30, 3, 9), (8, 20, 4, 5), (7, 11, 2, 4)] {
            let slots = dealt(Design::Within, participants, cases, arms, each);

            assert!(spread(&slots, 1, cases, |slot| (0, slot.case)) <= 1);
            assert!(spread(&slots, cases, arms, |slot| (slot.case, slot.arm)) <= 1);
            assert!(spread(&slots, participants, cases, |slot| (slot.participant, slot.case)) <= 1, "no case twice");
            assert!(spread(&slots, participants, arms, |slot| (slot.participant, slot.arm)) <= 2);
        }
    }

    #[test]
    fn between_participants_each_has_one_arm() {
        let slots = dealt(Design::Between, 6, 5, 3, 5);

        for participant in 0..6 {
            let mut arms: Vec<usize> =
                slots.iter().filter(|slot| slot.participant == participant).map(|slot| slot.arm).collect();
            arms.dedup();
            assert_eq!(arms.len(), 1);
        }
        assert_eq!(spread(&slots, 1, 3, |slot| (0, slot.arm)), 0);
    }
}
