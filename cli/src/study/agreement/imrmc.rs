//! Writes the input file of iMRMC (github.com/DIDSR/iMRMC): free text, `BEGIN DATA:`, and lines of reader, case, modality and score. A
//! case's truth is a line with reader -1.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::arm::{Arm, Key};
use super::scale::Scale;

/// Returns the file, and the number of its answers. An arm is a modality; readers are `user_id`, as in the analysis file.
///
/// # Errors
/// Why iMRMC could not read it.
pub fn file(question: &str, arms: &[Arm], scale: &Scale) -> Result<(String, u64), String> {
    if !scale.is_ordered() {
        return Err(
            "the options have no order, but iMRMC needs numbers: add --ordered if they are listed in order".to_owned()
        );
    }
    let arms: Vec<(&Key, &Arm)> = arms.iter().filter_map(|arm| Some((arm.key.as_ref()?, arm))).collect();
    let experiments: BTreeSet<_> = arms.iter().map(|((experiment, _), _)| experiment).collect();
    let (mut truths, mut readers, mut scores) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
    for (key, arm) in &arms {
        let modality = modality(key, experiments.len() > 1)?;
        for (case_id, case) in arm.case_ids.iter().zip(&arm.cases) {
            let Some(truth) = case.truth else { continue };
            truths.insert(*case_id, truth);
            for rating in &case.ratings {
                let (reader, score) = (arm.participants[rating.reader], score(scale, rating.category));
                readers.insert(reader);
                scores.push(format!("{reader},{case_id},{modality},{score}"));
            }
        }
    }
    let with = truths.values().filter(|truth| **truth).count();
    if with == 0 || with == truths.len() {
        return Err("iMRMC needs cases with the condition and without it, and answers to both".to_owned());
    }
    let title = question.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut file = format!(
        "augmed study agreement: {title}\nNR: {}\nN0: {}\nN1: {with}\nNM: {}\n\nBEGIN DATA:\n",
        readers.len(),
        truths.len() - with,
        arms.len()
    );
    for (case, truth) in truths {
        writeln!(file, "-1,{case},0,{}", u8::from(truth)).map_err(|error| error.to_string())?;
    }
    let answers = scores.len() as u64;
    scores.iter().for_each(|line| file.extend([line.as_str(), "\n"]));
    Ok((file, answers))
}

fn modality((experiment, arm): &Key, with_experiment: bool) -> Result<String, String> {
    let parts = [experiment.as_deref().filter(|_| with_experiment), arm.as_deref()];
    let name = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
    match name.as_str() {
        "" => Ok("none".to_owned()),
        name if name.contains([',', '\n', '\r']) => Err(format!(
            "the arm {name} has a comma or a line break in its name, which separates values in iMRMC's file"
        )),
        _ => Ok(name),
    }
}

/// Returns an option's number, or its position from 1 if options have no numbers.
fn score(scale: &Scale, category: usize) -> String {
    scale.numbers().map_or_else(|| (category + 1).to_string(), |numbers| numbers[category].to_string())
}
