//! A design with consistent keys. Its participants, cases and paths are compared with the data elsewhere.

use std::collections::BTreeSet;

use super::format::{
    ArmTable, DesignFile, ExcludeTable, FactorTable, PathEntry, SecondReadingTable, StrataTable, Style, Unit,
};
use crate::assignments::arms::Pattern;

/// The largest number in a design that is a size: far more than any study needs.
const MAX_SIZE: usize = 1_000_000;

/// A validated design.
#[derive(Debug)]
pub struct Design {
    pub seed: Option<String>,
    pub experiment: Option<String>,
    /// Planned number of participants.
    pub participants: Option<usize>,
    pub cases_per_participant: Option<usize>,
    pub readers_per_case: Option<usize>,
    pub always: Vec<Rule>,
    /// Takes precedence over all other lists.
    pub never: Vec<Rule>,
    pub factors: Vec<Factor>,
    pub arms_by: Unit,
    /// Length of a block, a multiple of the sum of all ratios.
    pub arms_block: usize,
    /// At least one. A design without arms has one unnamed arm.
    pub arms: Vec<Arm>,
    pub strata: StrataTable,
    pub exclude: Vec<ExcludeTable>,
    pub second_reading: Option<SecondReadingTable>,
}

/// A pattern of paths, how they are shown, and its position in the file.
#[derive(Debug)]
pub struct Rule {
    pub key: String,
    pub path: String,
    pub style: Style,
    pattern: Pattern,
}

/// Paths that are shown or hidden together.
#[derive(Debug)]
pub struct Factor {
    pub name: String,
    pub rules: Vec<Rule>,
    pub chance: FactorChance,
}

/// How a factor is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FactorChance {
    /// Independently in each reading, with this probability.
    Independent(f64),
    /// In `count` of every `of` consecutive readings; without `of`, of all readings of a participant.
    Count { count: usize, of: Option<usize> },
}

/// What readings of an arm show in addition to `always` and the factors.
#[derive(Debug)]
pub struct Arm {
    pub name: String,
    pub ratio: usize,
    pub rules: Vec<Rule>,
    /// For each factor, whether it is drawn in this arm. Otherwise it is hidden.
    pub draws: Vec<bool>,
}

impl Rule {
    fn new(key: String, entry: PathEntry) -> Result<Self, String> {
        if entry.path.trim().is_empty() {
            return Err(format!("{key}: the path is empty"));
        }
        if entry.style.top.is_some_and(|top| !top.is_finite()) {
            return Err(format!("{key}.top: not a number"));
        }
        let PathEntry { path, style } = entry;
        Ok(Self { key, pattern: Pattern::new(&path), path, style })
    }

    fn list(key: &str, entries: impl IntoIterator<Item = PathEntry>) -> Result<Vec<Self>, String> {
        let rules = entries.into_iter().enumerate();
        rules.map(|(index, entry)| Self::new(format!("{key}[{index}]"), entry)).collect()
    }

    /// Returns whether the rule's pattern matches a path.
    pub fn matches(&self, path: &str) -> bool {
        self.pattern.matches(path)
    }
}

impl Factor {
    /// Returns whether every reading in which the factor is drawn shows it.
    pub fn is_certain(&self) -> bool {
        self.chance == FactorChance::Independent(1.0)
    }
}

impl Design {
    /// Parses a design file and checks that its keys are consistent.
    ///
    /// # Errors
    /// What is wrong, with the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file = DesignFile::parse(text)?;
        let sizes = [
            ("participants", file.participants),
            ("cases_per_participant", file.cases_per_participant),
            ("readers_per_case", file.readers_per_case),
            ("arms_block", file.arms_block),
        ];
        for (key, size) in sizes.into_iter().filter_map(|(key, size)| Some((key, size?))) {
            check_size(key, size)?;
        }
        let factors = file.factors.into_iter().enumerate().map(|(index, table)| factor(index, table));
        let factors = factors.collect::<Result<Vec<_>, _>>()?;
        let mut names = BTreeSet::new();
        if let Some(index) = factors.iter().position(|factor| !names.insert(&factor.name)) {
            return Err(format!(
                "factors[{index}].name: {} is already the name of another factor",
                factors[index].name
            ));
        }
        let tables = file.arms.into_iter().map(|(name, table)| arm(name, table, &factors));
        let mut arms = tables.collect::<Result<Vec<_>, _>>()?;
        if arms.is_empty() {
            let draws = vec![true; factors.len()];
            arms.push(Arm { name: String::new(), ratio: 1, rules: Vec::new(), draws });
        }
        let never = file.never.into_iter().map(|path| PathEntry { path, style: Style::default() });
        let design = Self {
            seed: file.seed,
            experiment: file.experiment,
            participants: file.participants,
            cases_per_participant: file.cases_per_participant,
            readers_per_case: file.readers_per_case,
            always: Rule::list("always", file.always)?,
            never: Rule::list("never", never)?,
            factors,
            arms_by: file.arms_by,
            arms_block: file.arms_block.unwrap_or_else(|| sum_of_ratios(&arms)),
            arms,
            strata: file.strata,
            exclude: file.exclude,
            second_reading: file.second_reading,
        };
        design.check_arms()?;
        Ok(design)
    }

    fn check_arms(&self) -> Result<(), String> {
        let sum = sum_of_ratios(&self.arms);
        if !self.arms_block.is_multiple_of(sum) {
            let block = self.arms_block;
            return Err(format!("arms_block: {block} is not a multiple of {sum}, the sum of the arms' ratios"));
        }
        if self.arms_by == Unit::Reading {
            for (index, factor) in self.factors.iter().enumerate() {
                let without = self.arms.iter().find(|arm| !arm.draws[index]);
                if let (FactorChance::Count { .. }, Some(arm)) = (factor.chance, without) {
                    return Err(format!(
                        "arms.{}.factors: leaves out {}, whose count cannot be kept when each reading has its own arm; \
                         arms_by = \"participant\" keeps it",
                        arm.name, factor.name
                    ));
                }
            }
        }
        let is_other = self.second_reading.is_some_and(|second| second.arm == super::format::SecondArm::Other);
        if is_other && self.arms.len() < 2 {
            return Err("second_reading.arm: there is no other arm".to_owned());
        }
        Ok(())
    }

    /// Returns the sum of the arms' ratios.
    pub fn sum_of_ratios(&self) -> usize {
        sum_of_ratios(&self.arms)
    }
}

/// Refuses 0, and numbers whose sums and lists do not fit into memory.
fn check_size(key: &str, size: usize) -> Result<(), String> {
    if (1..=MAX_SIZE).contains(&size) { Ok(()) } else { Err(format!("{key}: must be from 1 to {MAX_SIZE}")) }
}

fn sum_of_ratios(arms: &[Arm]) -> usize {
    arms.iter().map(|arm| arm.ratio).sum()
}

fn factor(index: usize, table: FactorTable) -> Result<Factor, String> {
    let FactorTable { name, paths, probability, count, of } = table;
    let key = format!("factors[{index}] ({name})");
    if name.trim().is_empty() {
        return Err(format!("factors[{index}].name: is empty"));
    }
    let chance = match (probability, count) {
        (Some(probability), None) if (0.0..=1.0).contains(&probability) => FactorChance::Independent(probability),
        (Some(probability), None) => return Err(format!("{key}.probability: {probability} is not between 0 and 1")),
        (None, Some(count)) => FactorChance::Count { count, of },
        (Some(_), Some(_)) => return Err(format!("{key}: has probability and count; leave out one of them")),
        (None, None) => return Err(format!("{key}: needs a probability or a count")),
    };
    match (chance, of) {
        (FactorChance::Independent(_), Some(_)) => {
            return Err(format!("{key}.of: requires count instead of probability"));
        }
        (FactorChance::Count { count, .. }, Some(of)) if count > of || of == 0 => {
            return Err(format!("{key}.count: {count} of {of} cases is impossible"));
        }
        _ => {}
    }
    if paths.is_empty() {
        return Err(format!("{key}.paths: is empty"));
    }
    Ok(Factor { rules: Rule::list(&format!("{key}.paths"), paths)?, name, chance })
}

fn arm(name: String, table: ArmTable, factors: &[Factor]) -> Result<Arm, String> {
    check_size(&format!("arms.{name}.ratio"), table.ratio)?;
    let mut draws = vec![table.factors.is_none(); factors.len()];
    for factor in table.factors.into_iter().flatten() {
        match factors.iter().position(|other| other.name == factor) {
            Some(index) => draws[index] = true,
            None => return Err(format!("arms.{name}.factors: there is no factor {factor}")),
        }
    }
    let rules = Rule::list(&format!("arms.{name}.show"), table.show)?;
    Ok(Arm { name, ratio: table.ratio, rules, draws })
}

#[cfg(test)]
mod tests;
