use super::populated::{Populated, PopulatedContent};
use crate::path_config::Style;

/// An entry that matched a category.
pub(super) struct Entry<'a> {
    pub category_path: &'a str,
    pub value: &'a str,
    pub style: &'a Style,
}

impl<'a> Entry<'a> {
    /// Matches a path. If full stops make it ambiguous, prefers a category with that value, then the innermost one.
    pub fn locate(path: &'a str, style: &'a Style, populated: &[Populated<'_>]) -> Option<Self> {
        let Interpretation { value_at, .. } = interpretations(path, populated).into_iter().max()?;
        Some(Self { category_path: &path[..value_at - 1], value: &path[value_at..], style })
    }

    /// Returns whether the entry's category is the one at `category_path`, or below it.
    pub fn is_within(&self, category_path: &str) -> bool {
        let below = self.category_path.strip_prefix(category_path);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// One way to divide a path into categories and a value: full stops in keys and values can make several possible. The best is the
/// greatest: one whose value exists, and of those the one with the longest category path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interpretation {
    pub value_exists: bool,
    /// The offset of the value in the path.
    value_at: usize,
}

/// Returns every interpretation of a path.
pub(super) fn interpretations(path: &str, populated: &[Populated<'_>]) -> Vec<Interpretation> {
    interpretations_from(path, 0, populated)
}

fn interpretations_from(path: &str, start: usize, populated: &[Populated<'_>]) -> Vec<Interpretation> {
    let mut found = Vec::new();
    for category in populated {
        let Some(value) = path[start..].strip_prefix(category.key).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        let value_at = path.len() - value.len();
        found.push(Interpretation { value_exists: category.has_value(value), value_at });
        if let PopulatedContent::Categories(nested) = &category.content {
            found.extend(interpretations_from(path, value_at, nested));
        }
    }
    found
}
