use std::collections::HashSet;

/// Returns the name, with a number if another column has it.
pub fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let unique = [name.clone()].into_iter().chain(numbered).find(|name| taken.insert(name.clone()));
    unique.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_names_are_unique() {
        let mut taken = HashSet::new();

        let names = ["age", "age", "age"].map(|name| unique(name.to_owned(), &mut taken));

        assert_eq!(names, ["age", "age (2)", "age (3)"]);
    }
}
