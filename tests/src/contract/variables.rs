//! `{{variables}}` that a step saves for later steps.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

/// By name.
#[derive(Debug, Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// Sets a value, replacing an earlier one.
    pub fn set(&mut self, name: &str, value: String) {
        self.0.insert(name.to_owned(), value);
    }

    /// Replaces every known `{{name}}` in the text; unknown ones are kept.
    pub fn fill(&self, text: &str) -> String {
        static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\{\{(\w+)\}\}").expect("a constant pattern"));
        let value = |name: &Captures<'_>| self.0.get(&name[1]).map_or(&name[0], String::as_str).to_owned();
        NAME.replace_all(text, value).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn known_variables_are_filled_in_and_unknown_ones_stay() {
        let mut variables = Variables::default();
        variables.set("config", "cfg-1".to_owned());

        assert_eq!(variables.fill("/x/{{config}}/{{other}}/{{config}}"), "/x/cfg-1/{{other}}/cfg-1");
    }
}
