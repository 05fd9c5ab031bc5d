//! The possible answers to a question, in order.

use serde::Serialize;

use super::question::Question;
use crate::export::option_number;

/// The values of a question.
#[derive(Debug, Serialize)]
pub struct Scale {
    /// In order, if they have one.
    labels: Vec<String>,
    /// A number for each label, if all have one.
    numbers: Option<Vec<f64>>,
    is_ordered: bool,
}

impl Scale {
    /// Creates the scale of a question. Options that are numbers, or steps of a verbal scale, are ordered.
    ///
    /// # Errors
    /// Why there is no scale, and what to do.
    pub fn of(question: &Question, answers: &[&str], is_ordered: bool) -> Result<Self, String> {
        let Question { options, is_multiple, .. } = question;
        if *is_multiple {
            let combinations = distinct(answers.iter().map(|answer| (*answer).to_owned()));
            return Ok(Self { labels: combinations, numbers: None, is_ordered: false });
        }
        if options.is_empty() {
            return Self::of_numbers(answers);
        }
        let numbers: Option<Vec<i32>> =
            options.iter().map(|option| i32::try_from(option_number(option)?).ok()).collect();
        let Some(numbers) = numbers.filter(|numbers| distinct(numbers.iter().copied()).len() == numbers.len()) else {
            return Ok(Self { labels: options.clone(), numbers: None, is_ordered });
        };
        let mut numbered: Vec<(i32, String)> = numbers.into_iter().zip(options.iter().cloned()).collect();
        numbered.sort();
        let (numbers, labels): (Vec<f64>, _) =
            numbered.into_iter().map(|(number, label)| (f64::from(number), label)).unzip();
        Ok(Self { labels, numbers: Some(numbers), is_ordered: true })
    }

    /// Creates the scale of a question without options: all answers have to be numbers.
    fn of_numbers(answers: &[&str]) -> Result<Self, String> {
        let mut numbers: Vec<f64> = answers.iter().filter_map(|answer| number(answer)).collect();
        let others = answers.len() - numbers.len();
        if others > 0 {
            return Err(format!("{others} of {} answers are free text", answers.len()));
        }
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        let labels = numbers.iter().map(ToString::to_string).collect();
        Ok(Self { labels, numbers: Some(numbers), is_ordered: true })
    }

    pub fn categories(&self) -> usize {
        self.labels.len()
    }

    pub fn is_ordered(&self) -> bool {
        self.is_ordered
    }

    pub fn numbers(&self) -> Option<&[f64]> {
        self.numbers.as_deref()
    }

    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Describes the order of the answers.
    pub fn words(&self) -> &'static str {
        match (&self.numbers, self.is_ordered) {
            (Some(_), _) => "numbers",
            (None, true) => "in the order of the questionnaire",
            (None, false) => "without an order",
        }
    }

    /// Returns the index of an answer among the values, or `None` if it is not one of them.
    pub fn category(&self, answer: &str) -> Option<usize> {
        let by_label = self.labels.iter().position(|label| label == answer);
        by_label.or_else(|| {
            let number = number(answer)?;
            self.numbers()?.iter().position(|other| other.total_cmp(&number).is_eq())
        })
    }

    /// Returns whether each value is positive: one of `chosen`, or `from` or above.
    ///
    /// # Errors
    /// Which of them is not a value.
    pub fn positive(&self, chosen: &[String], from: Option<&str>) -> Result<Vec<bool>, String> {
        let unknown = |text: &str| format!("{text} is not one of the answers: {}", self.labels.join(", "));
        let chosen: Vec<usize> =
            chosen.iter().map(|text| self.category(text).ok_or_else(|| unknown(text))).collect::<Result<_, _>>()?;
        let Some(from) = from else {
            return Ok((0..self.categories()).map(|category| chosen.contains(&category)).collect());
        };
        if !self.is_ordered {
            return Err(
                "the answers have no order: name the positive ones with --positive, or add --ordered".to_owned()
            );
        }
        if let (Some(numbers), Some(from)) = (self.numbers(), number(from)) {
            // a typo, with which nobody or everybody would be positive
            if let (Some(least), Some(most)) = (numbers.first(), numbers.last())
                && !(least..=most).contains(&&from)
            {
                return Err(format!("{from} is not on the scale, which goes from {least} to {most}"));
            }
            return Ok(numbers.iter().map(|number| *number >= from).collect());
        }
        let first = self.category(from).ok_or_else(|| unknown(from))?;
        Ok((0..self.categories()).map(|category| category >= first).collect())
    }
}

fn number(text: &str) -> Option<f64> {
    // 0.0 and -0.0 are the same number
    text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(|number| number + 0.0)
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<std::collections::BTreeSet<T>>().into_iter().collect()
}
