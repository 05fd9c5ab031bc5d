//! Checks whether a design could have produced an assignment file, one assignment at a time. `check_balance` checks assignments together.

use super::check_balance;
use super::comparison::{Check, Recognised};
use super::display::DEMOGRAPHICS;
use super::draw::Reading;
use super::format::Style;
use super::probability;
use super::problem::Problem;
use super::written::{Written, WrittenRow};

impl Check<'_> {
    /// Returns what is wrong with a file, in the order of its rows.
    pub fn problems(&self, file: &[Written]) -> Vec<Problem> {
        let (mut recognised, mut problems) = (Vec::new(), Vec::new());
        for written in file {
            let (reading, wrong) = self.read(written);
            match reading {
                Some(reading) if wrong.is_empty() => {
                    recognised.push(Recognised { reading, rows: written.lines_of_file() });
                }
                _ => problems.extend(wrong),
            }
        }
        // a wrong row unbalances the file, so the balance is checked only without one
        if problems.is_empty() {
            problems = check_balance::problems(self, &recognised);
        }
        problems.sort_by(|one, other| one.rows.cmp(&other.rows));
        problems
    }

    fn read(&self, written: &Written) -> (Option<Reading>, Vec<Problem>) {
        let all = written.lines_of_file();
        let participant = self.sample.participants.iter().position(|one| one.email == written.user);
        let case = self.sample.cases.iter().position(|one| one.id == written.case);
        let arm = self.design.arms.iter().position(|arm| arm.name == written.rows[0].arm);
        let (Some(participant), Some(case), Some(arm)) = (participant, case, arm) else {
            let what = match (participant, case) {
                (None, _) => "User is not one of the participants".to_owned(),
                (_, None) => format!("case {} is not one of the cases", written.case),
                _ => "Arm is not one of the design's arms".to_owned(),
            };
            return (None, vec![Problem::new(all, what)]);
        };
        let mut problems = Vec::new();
        if self.sample.excluded.contains(&(participant, case)) {
            problems.push(Problem::new(all, format!("exclude: this participant does not read case {}", written.case)));
        }
        let (factors, wrong) = self.read_paths(written, case, arm);
        problems.extend(wrong);
        let reading = Reading { participant, case, arm, factors };
        let arm_of_second = self.second.map(|(second, _)| second.arm);
        let expected = probability::of_reading(self.design, self.sample, &reading, arm_of_second);
        problems.extend(written.rows.iter().filter_map(|row| self.wrong_label(row, &written.rows[0], expected)));
        (Some(reading), problems)
    }

    fn wrong_label(&self, row: &WrittenRow, first: &WrittenRow, expected: f64) -> Option<Problem> {
        let is_close = |probability: f64| (probability - expected).abs() <= 1e-9 * expected;
        let text = if row.experiment != self.experiment {
            "Experiment is not that of the design".to_owned()
        } else if row.arm != first.arm {
            format!("Arm is not that of row {}", first.line)
        } else if !row.policy.is_empty() {
            "Policy has a value, but a design has no policies".to_owned()
        } else if !row.probability.is_some_and(is_close) {
            format!("Probability is not {expected}, the probability of what is shown")
        } else {
            return None;
        };
        Some(Problem::new(vec![row.line], text))
    }

    /// Returns which factors are shown, and what is wrong with the paths.
    fn read_paths(&self, written: &Written, case: usize, arm: usize) -> (Vec<Option<bool>>, Vec<Problem>) {
        let (mut factors, mut problems) = (Vec::new(), self.wrong_paths(written, case, arm));
        let rows_of = |path: &str| -> Vec<u64> {
            written.rows.iter().filter(|row| row.path == path).map(|row| row.line).collect()
        };
        for path in self.display.fixed(case, arm).keys() {
            if rows_of(path).is_empty() {
                problems.push(Problem::new(written.lines_of_file(), format!("{path} is missing")));
            }
        }
        for (index, factor) in self.design.factors.iter().enumerate() {
            let paths = self.display.of_factor(case, index);
            if paths.is_empty() || !self.design.arms[arm].draws[index] {
                factors.push(None);
                continue;
            }
            let missing: Vec<&String> = paths.keys().filter(|path| rows_of(path).is_empty()).collect();
            let is_shown = missing.len() < paths.len();
            let rows = || paths.keys().flat_map(|path| rows_of(path)).collect::<Vec<_>>();
            if let (true, Some(missing)) = (is_shown, missing.first()) {
                let text = format!("only a part of factor {} is shown, and {missing} is missing", factor.name);
                problems.push(Problem::new(rows(), text));
            }
            let shown = probability::of_factor(factor.chance, self.sample);
            if is_shown && shown <= 0.0 {
                problems.push(Problem::new(rows(), format!("factor {} is never shown", factor.name)));
            } else if !is_shown && shown >= 1.0 {
                let text = format!("factor {} is always shown, and is missing", factor.name);
                problems.push(Problem::new(written.lines_of_file(), text));
            }
            factors.push(Some(is_shown));
        }
        (factors, problems)
    }

    /// Returns the rows with a path or style that the design does not have.
    fn wrong_paths(&self, written: &Written, case: usize, arm: usize) -> Vec<Problem> {
        let draws = &self.design.arms[arm].draws;
        let style_of = |path: &str| -> Option<Style> {
            let fixed = self.display.fixed(case, arm).get(path);
            let factors = draws.iter().enumerate().filter(|(_, is_drawn)| **is_drawn);
            let mut factors = factors.filter_map(|(factor, _)| self.display.of_factor(case, factor).get(path));
            let is_placeholder = written.rows.len() - self.repeated(written) == 1 && path == DEMOGRAPHICS[0];
            let placeholder = (is_placeholder && self.display.fixed(case, arm).is_empty()).then(Style::default);
            fixed.or_else(|| factors.next()).copied().or(placeholder)
        };
        let mut problems = Vec::new();
        for (index, row) in written.rows.iter().enumerate() {
            let is_second_time = written.rows[..index].iter().any(|other| other.path == row.path);
            let text = match style_of(&row.path) {
                None => format!("the design does not show {} in this reading", row.path),
                Some(style) if style != row.style => {
                    format!("{} has another style than in the design", row.path)
                }
                Some(_) if is_second_time && index < written.rows.len() - self.repeated(written) => {
                    format!("{} occurs twice", row.path)
                }
                Some(_) => continue,
            };
            problems.push(Problem::new(vec![row.line], text));
        }
        problems
    }

    /// Returns how many rows at the end may repeat a path: one for a second reading (`rows`).
    fn repeated(&self, written: &Written) -> usize {
        match &written.rows[..] {
            [.., before, last] if self.second.is_some() && before.path == last.path => 1,
            _ => 0,
        }
    }
}
