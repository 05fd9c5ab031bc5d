//! Checks a file's assignments together: their number, and the balance of arms, counts and readers.

use std::collections::BTreeMap;

use super::comparison::{Check, Recognised};
use super::design::{Design, FactorChance};
use super::draw::FirstReading;
use super::format::{SecondArm, SecondReadingTable, Unit};
use super::problem::Problem;

/// Returns what is wrong.
pub fn problems(check: &Check<'_>, file: &[Recognised]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut by_participant: Vec<(usize, Vec<&Recognised>)> = Vec::new();
    for one in file {
        match by_participant.iter_mut().find(|(participant, _)| *participant == one.reading.participant) {
            Some((_, readings)) => readings.push(one),
            None => by_participant.push((one.reading.participant, vec![one])),
        }
    }
    let missing = check.sample.participants.len() - by_participant.len();
    if missing > 0 {
        problems.push(Problem::new(Vec::new(), format!("{missing} participants have no assignment")));
    }
    for (participant, readings) in &by_participant {
        problems.extend(sizes(check, *participant, readings));
        problems.extend(arms_of_participant(check, readings));
        problems.extend(counts(check, readings));
        if let Some((second, first)) = check.second {
            problems.extend(second_readings(second, &first[*participant], readings));
        }
    }
    if problems.is_empty() {
        problems.extend(arms_of_participants(check, &by_participant));
    }
    if problems.is_empty() && check.second.is_none() {
        problems.extend(readers(check, file));
    }
    problems
}

fn rows(readings: &[&Recognised]) -> Vec<u64> {
    readings.iter().flat_map(|one| one.rows.iter().copied()).collect()
}

fn sizes(check: &Check<'_>, participant: usize, readings: &[&Recognised]) -> Option<Problem> {
    let each = match check.second {
        Some((_, first)) => first[participant].len(),
        None => check.sample.cases_per_participant,
    };
    let text = format!("the participant of these rows has {} cases instead of {each}", readings.len());
    (readings.len() != each).then(|| Problem::new(rows(readings), text))
}

/// Returns whether arms are drawn in blocks: for first readings, and for second readings drawn in the same way.
fn has_blocks(check: &Check<'_>) -> bool {
    check.second.is_none_or(|(second, _)| second.arm == SecondArm::Drawn)
}

fn arms_of_participant(check: &Check<'_>, readings: &[&Recognised]) -> Vec<Problem> {
    if check.design.arms_by == Unit::Participant {
        let differs = readings.iter().find(|one| one.reading.arm != readings[0].reading.arm);
        let text = "Arm differs from the participant's first case, but each participant has one arm";
        return differs.map(|one| Problem::new(one.rows.clone(), text)).into_iter().collect();
    }
    if !has_blocks(check) {
        return Vec::new();
    }
    let mut strata: BTreeMap<usize, Vec<&Recognised>> = BTreeMap::new();
    for one in readings {
        strata.entry(check.sample.cases[one.reading.case].stratum).or_default().push(one);
    }
    let blocks = strata.values().flat_map(|of_stratum| of_stratum.chunks(check.design.arms_block));
    let uneven = blocks.filter(|block| !is_block(check.design, block.iter().map(|one| one.reading.arm)));
    uneven.map(|block| Problem::new(rows(block), "arms_block: these arms do not have the design's ratio")).collect()
}

/// Returns whether the arms can be a block, or the beginning of one.
fn is_block(design: &Design, arms: impl Iterator<Item = usize>) -> bool {
    let mut left: Vec<usize> =
        design.arms.iter().map(|arm| arm.ratio * (design.arms_block / design.sum_of_ratios())).collect();
    for arm in arms {
        match left[arm].checked_sub(1) {
            Some(less) => left[arm] = less,
            None => return false,
        }
    }
    true
}

fn counts(check: &Check<'_>, readings: &[&Recognised]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, factor) in check.design.factors.iter().enumerate() {
        let FactorChance::Count { count, of } = factor.chance else { continue };
        if !check.design.arms[readings[0].reading.arm].draws[index] {
            continue;
        }
        let of = check.sample.run_length(of);
        for run in readings.chunks(of) {
            let shown = run.iter().filter(|one| one.reading.factors[index] == Some(true)).count();
            if run.len() == of && shown != count {
                let text = format!("factor {} is shown in {shown} of these {of} cases instead of {count}", factor.name);
                problems.push(Problem::new(rows(run), text));
            }
        }
    }
    problems
}

fn second_readings(second: SecondReadingTable, first: &[FirstReading], readings: &[&Recognised]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, one) in readings.iter().enumerate() {
        let Some(place_of_first) = first.iter().position(|first| first.case == one.reading.case) else {
            problems.push(Problem::new(one.rows.clone(), "the participant has not read this case before"));
            continue;
        };
        let between = (first.len() - 1 - place_of_first) + place;
        if between < second.washout_positions {
            let wanted = second.washout_positions;
            let text = format!(
                "second_reading.washout_positions: {between} other readings are in between instead of {wanted}"
            );
            problems.push(Problem::new(one.rows.clone(), text));
        }
        let arm = first[place_of_first].arm;
        let is_wrong = match second.arm {
            SecondArm::Drawn => false,
            SecondArm::Same => one.reading.arm != arm,
            SecondArm::Other => one.reading.arm == arm,
        };
        if is_wrong {
            problems
                .push(Problem::new(one.rows.clone(), "second_reading.arm: Arm does not fit that of the first reading"));
        }
    }
    problems
}

fn arms_of_participants(check: &Check<'_>, by_participant: &[(usize, Vec<&Recognised>)]) -> Vec<Problem> {
    if check.design.arms_by == Unit::Reading || !has_blocks(check) {
        return Vec::new();
    }
    let mut strata: BTreeMap<usize, Vec<&Recognised>> = BTreeMap::new();
    for (participant, readings) in by_participant {
        strata.entry(check.sample.participants[*participant].stratum).or_default().push(readings[0]);
    }
    let block = check.design.arms_block;
    let mut problems = Vec::new();
    for (stratum, firsts) in &strata {
        // the first participants complete a block that earlier files began
        let begun = check.sample.taken.in_stratum(*stratum) % block;
        let (rest, whole) = firsts.split_at(if begun == 0 { 0 } else { (block - begun).min(firsts.len()) });
        for participants in std::iter::once(rest).chain(whole.chunks(block)) {
            if !is_block(check.design, participants.iter().map(|one| one.reading.arm)) {
                let text = "arms_block: the arms of these participants do not have the design's ratio";
                problems.push(Problem::new(rows(participants), text));
            }
        }
    }
    problems
}

fn readers(check: &Check<'_>, file: &[Recognised]) -> Vec<Problem> {
    let mut readers: Vec<Vec<&Recognised>> = check.sample.cases.iter().map(|_| Vec::new()).collect();
    file.iter().for_each(|one| readers[one.reading.case].push(one));
    let earlier = |case: usize| check.sample.taken.readers.get(case).map_or(0, Vec::len);
    let totals: Vec<usize> = readers.iter().enumerate().map(|(case, new)| earlier(case) + new.len()).collect();
    let most = check.sample.most_readers;
    let mut problems = Vec::new();
    for (case, total) in totals.iter().enumerate() {
        if let Some(most) = most.filter(|most| total > most) {
            let text =
                format!("readers_per_case: case {} has {total} readers, and not {most}", check.sample.cases[case].id);
            problems.push(Problem::new(rows(&readers[case]), text));
        }
    }
    // cases go to whoever may read them, so exclusions and unbalanced earlier files cause differences
    let fewest = totals.iter().min().copied().unwrap_or_default();
    let fewest_earlier = (0..totals.len()).map(earlier).min().unwrap_or_default();
    let is_even = (0..totals.len()).all(|case| earlier(case) <= fewest_earlier + 1);
    if check.sample.excluded.is_empty() && is_even {
        for (case, total) in totals.iter().enumerate() {
            if !readers[case].is_empty() && *total > fewest + 1 {
                let text =
                    format!("case {} has {total} readers, and another only {fewest}", check.sample.cases[case].id);
                problems.push(Problem::new(rows(&readers[case]), text));
            }
        }
    }
    problems
}
