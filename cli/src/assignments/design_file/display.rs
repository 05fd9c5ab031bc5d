//! Determines which paths of a case each reading shows.
//!
//! A page hides paths that an assignment does not name, with three exceptions (contract, section 4) that a design must respect: complaints,
//! age and gender are always shown, and without any entry below `PHYSICAL EXAMINATION` all of it but BMI is shown.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use shared::page_config::{PATIENT_COMPLAINT, PHYSICAL_EXAMINATION};

use super::design::{Design, Rule};
use super::draw::Reading;
use super::format::Style;

/// Age and gender. Entries for them do not change the page.
pub const DEMOGRAPHICS: [&str; 2] = ["BACKGROUND.Patient Demographics.Age", "BACKGROUND.Patient Demographics.Gender"];
const BMI: &str = ".BMI (body mass index) centile";

/// Paths and their styles, in the order of the assignment.
pub type Lines = IndexMap<String, Style>;

/// The paths of a case.
pub struct CasePaths<'a> {
    pub id: i32,
    pub paths: Vec<String>,
    /// Returns whether a path exists in the case although `paths` does not list it.
    pub is_named: Box<dyn Fn(&str) -> bool + 'a>,
}

impl CasePaths<'_> {
    fn matching(&self, rule: &Rule) -> Vec<String> {
        let mut paths: Vec<String> = self.paths.iter().filter(|path| rule.matches(path)).cloned().collect();
        if paths.is_empty() && (self.is_named)(&rule.path) {
            paths.push(rule.path.clone());
        }
        paths
    }
}

/// Paths that readings show.
#[derive(Debug)]
pub struct Display {
    cases: Vec<CaseDisplay>,
    /// Warnings for the design's author.
    pub notes: Vec<String>,
}

#[derive(Debug)]
struct CaseDisplay {
    /// For each arm, the paths that every reading shows.
    arms: Vec<Lines>,
    /// For each factor, the paths that it adds.
    factors: Vec<Lines>,
}

impl Display {
    /// Finds the paths of each case that match the design's patterns.
    ///
    /// # Errors
    /// If a pattern matches nothing in any case, or a page would differ from the design.
    pub fn of(design: &Design, cases: &[CasePaths<'_>]) -> Result<Self, String> {
        let mut used = BTreeMap::new();
        let cases_shown: Vec<CaseDisplay> =
            cases.iter().map(|case| CaseDisplay::of(design, case, &mut used)).collect::<Result<_, _>>()?;
        let mut notes = Vec::new();
        let factors = design.factors.iter().flat_map(|factor| &factor.rules);
        let arms = design.arms.iter().flat_map(|arm| &arm.rules);
        for rule in design.always.iter().chain(&design.never).chain(factors).chain(arms) {
            let Rule { key, path, .. } = rule;
            match used.get(key).copied().unwrap_or(0) {
                0 => return Err(format!("{key}: {path} names nothing in any case")),
                some if some < cases.len() => {
                    notes.push(format!(
                        "{key}: {path} names nothing in {} of {} cases",
                        cases.len() - some,
                        cases.len()
                    ));
                }
                _ => {}
            }
        }
        Ok(Self { cases: cases_shown, notes })
    }

    /// Returns whether a case has one of a factor's paths.
    pub fn has(&self, case: usize, factor: usize) -> bool {
        !self.cases[case].factors[factor].is_empty()
    }

    /// Returns the paths that every reading of a case in an arm shows.
    pub fn fixed(&self, case: usize, arm: usize) -> &Lines {
        &self.cases[case].arms[arm]
    }

    /// Returns the paths that a factor adds.
    pub fn of_factor(&self, case: usize, factor: usize) -> &Lines {
        &self.cases[case].factors[factor]
    }

    /// Returns the paths that a reading shows. A file cannot contain an assignment without a path, so an empty one names the age.
    pub fn lines(&self, reading: &Reading) -> Lines {
        let mut lines = self.fixed(reading.case, reading.arm).clone();
        for (factor, level) in reading.factors.iter().enumerate() {
            if *level == Some(true) {
                lines.extend(self.of_factor(reading.case, factor).clone());
            }
        }
        if lines.is_empty() {
            lines.insert(DEMOGRAPHICS[0].to_owned(), Style::default());
        }
        lines
    }
}

impl CaseDisplay {
    fn of(design: &Design, case: &CasePaths<'_>, used: &mut BTreeMap<String, usize>) -> Result<Self, String> {
        let mut lines = |rules: &[Rule]| {
            let mut lines = Lines::new();
            for rule in rules {
                let paths = case.matching(rule);
                *used.entry(rule.key.clone()).or_insert(0) += usize::from(!paths.is_empty());
                // if two patterns match a path, the later one applies
                lines.extend(paths.into_iter().map(|path| (path, rule.style)));
            }
            lines
        };
        let never = lines(&design.never);
        let mut always = lines(&design.always);
        let mut factors: Vec<Lines> = design.factors.iter().map(|factor| lines(&factor.rules)).collect();
        let shown: Vec<Lines> = design.arms.iter().map(|arm| lines(&arm.rules)).collect();
        always.retain(|path, _| !never.contains_key(path));
        factors.iter_mut().for_each(|factor| factor.retain(|path, _| !never.contains_key(path)));
        let arms: Vec<Lines> = shown
            .into_iter()
            .map(|shown| {
                let shown = shown.into_iter().filter(|(path, _)| !never.contains_key(path));
                always.clone().into_iter().chain(shown).collect()
            })
            .collect();
        let display = Self { arms, factors };
        display.check_overlaps(design, case.id)?;
        let never = never.keys().map(|path| ("never".to_owned(), path));
        let of_factors = display.factors.iter().zip(&design.factors).filter(|(_, factor)| !factor.is_certain());
        let hidden = of_factors.flat_map(|(lines, factor)| lines.keys().map(|path| (factor.name.clone(), path)));
        if let Some((list, path)) = never.chain(hidden).find(|(_, path)| is_always_shown(path)) {
            return Err(format!("{list}: {path} cannot be hidden: a page always shows age, gender and complaints"));
        }
        display.check_examination(design, case)?;
        Ok(display)
    }

    fn check_overlaps(&self, design: &Design, case: i32) -> Result<(), String> {
        for (index, (lines, factor)) in self.factors.iter().zip(&design.factors).enumerate() {
            let others = self.factors.iter().zip(&design.factors).skip(index + 1);
            let others = others.map(|(lines, factor)| (format!("factor {}", factor.name), lines));
            let arms = self.arms.iter().zip(&design.arms).map(|(lines, arm)| match arm.name.as_str() {
                "" => ("always".to_owned(), lines),
                name => (format!("always or arms.{name}.show"), lines),
            });
            for (list, other) in arms.chain(others) {
                if let Some(path) = lines.keys().find(|path| other.contains_key(*path)) {
                    return Err(format!(
                        "factors[{index}] ({}).paths: {path} of case {case} is also named by {list}",
                        factor.name
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks that every reading names a part of the examination: otherwise the page shows all of it but BMI.
    fn check_examination(&self, design: &Design, case: &CasePaths<'_>) -> Result<(), String> {
        let is_examination =
            |path: &str| path.strip_prefix(PHYSICAL_EXAMINATION).is_some_and(|rest| rest.starts_with('.'));
        let Some(path) = case.paths.iter().find(|path| is_examination(path) && !path.ends_with(BMI)) else {
            return Ok(());
        };
        for (arm, fixed) in self.arms.iter().enumerate() {
            let certain = design.factors.iter().zip(&self.factors).enumerate();
            let certain = certain.filter(|(index, (factor, _))| design.arms[arm].draws[*index] && factor.is_certain());
            let mut paths = certain.flat_map(|(_, (_, lines))| lines.keys()).chain(fixed.keys());
            if !paths.any(|path| is_examination(path)) {
                return Err(format!(
                    "always: names nothing of {PHYSICAL_EXAMINATION} in case {}, and a page that names none of it shows all of it but BMI. \
                     Name a part that everybody may see, such as {path}, or remove the section from the page configuration",
                    case.id
                ));
            }
        }
        Ok(())
    }
}

fn is_always_shown(path: &str) -> bool {
    DEMOGRAPHICS.contains(&path) || path.strip_prefix(PATIENT_COMPLAINT).is_some_and(|rest| rest.starts_with('.'))
}
