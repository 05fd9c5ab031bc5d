//! Reports of `generate` on a draw and a check.

use std::io::{self, Write};

use serde::Serialize;

use super::design::Design;
use super::draw::Reading;
use super::format::SecondArm;
use super::probability;
use super::problem::Problem;
use super::sample::Sample;
use crate::report::{Ending, Report};
use crate::table;

/// A generated file.
#[derive(Debug, Serialize)]
pub struct Generated {
    pub seed: String,
    pub participants: usize,
    pub cases: usize,
    pub assignments: usize,
    pub is_second_reading: bool,
    pub drawn: Vec<Drawn>,
    pub notes: Vec<String>,
}

/// Frequency of an arm or a factor.
#[derive(Debug, Serialize)]
pub struct Drawn {
    pub name: String,
    pub probability: f64,
    pub readings: usize,
    /// Number of readings in which it was possible.
    pub of: usize,
}

impl Generated {
    pub fn of(
        seed: String,
        design: &Design,
        sample: &Sample,
        readings: &[Reading],
        second: Option<SecondArm>,
        notes: Vec<String>,
    ) -> Self {
        let arms = design.arms.iter().enumerate().filter(|_| design.arms.len() > 1).map(|(index, arm)| Drawn {
            name: format!("arm {}", arm.name),
            probability: probability::of_arm(design, index, second),
            readings: readings.iter().filter(|reading| reading.arm == index).count(),
            of: readings.len(),
        });
        let factors = design.factors.iter().enumerate().map(|(index, factor)| {
            let levels = || readings.iter().filter_map(|reading| reading.factors[index]);
            Drawn {
                name: factor.name.clone(),
                probability: probability::of_factor(factor.chance, sample),
                readings: levels().filter(|is_shown| *is_shown).count(),
                of: levels().count(),
            }
        });
        Self {
            seed,
            participants: sample.participants.len(),
            cases: sample.cases.len(),
            assignments: readings.len(),
            is_second_reading: second.is_some(),
            drawn: arms.chain(factors).collect(),
            notes,
        }
    }
}

impl Report for Generated {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
        if !self.drawn.is_empty() {
            let rows = self.drawn.iter().map(|one| {
                [one.name.clone(), format!("{:.3}", one.probability), format!("{} of {}", one.readings, one.of)]
            });
            writeln!(out, "{}", table::of(["shown or assigned", "probability", "readings"], rows))?;
        }
        let Self { participants, cases, assignments, seed, .. } = self;
        writeln!(out, "{assignments} assignments of {cases} cases to {participants} participants; seed: {seed}")?;
        if self.is_second_reading {
            writeln!(
                out,
                "upload them with `augmed assignments upload --second-reading FILE`, which keeps the first ones"
            )?;
        }
        Ok(())
    }
}

/// Result of checking a file against a design.
#[derive(Debug, Serialize)]
pub struct Checked {
    pub assignments: usize,
    pub problems: Vec<Problem>,
}

impl Report for Checked {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for Problem { rows, text } in &self.problems {
            match &rows[..] {
                [] => writeln!(out, "wrong: {text}")?,
                [row] => writeln!(out, "wrong: row {row}: {text}")?,
                rows => {
                    let rows: Vec<String> = rows.iter().map(u64::to_string).collect();
                    writeln!(out, "wrong: rows {}: {text}", rows.join(", "))?;
                }
            }
        }
        match self.problems.len() {
            0 => writeln!(out, "good: all {} assignments could have come from the design", self.assignments),
            some => writeln!(out, "{some} problems: the design cannot have produced this file"),
        }
    }

    fn ending(&self) -> Ending {
        if self.problems.is_empty() { Ending::Done } else { Ending::FoundWrong }
    }
}
