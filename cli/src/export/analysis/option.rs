//! Normalises options like the old export script: to a number, or to a short form.

/// The script's scale of words, numbered from 1.
const SCALE: [&str; 5] = ["very low", "low", "moderate", "high", "very high"];

/// Returns the number of an option: `1 - Not Confident` is 1, and `Moderate Risk` is 3. The range `0 - 5` has none.
pub fn number(option: &str) -> Option<i64> {
    let option = option.trim().to_lowercase();
    let rest = option.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = &option[..option.len() - rest.len()];
    if digits.is_empty() {
        let word = option.strip_suffix(" risk").unwrap_or(&option);
        return SCALE.iter().position(|step| *step == word).and_then(|step| i64::try_from(step + 1).ok());
    }
    // excludes "1-2 times" and "10 units"
    let words = rest.trim_start().strip_prefix(['-', '–', '—', '.', ':', ')', '=']);
    let is_label = words.is_some_and(|words| words.is_empty() || words.starts_with(char::is_whitespace));
    let ends_range = |end: char| end.is_ascii_digit() || ['<', '>', '≤', '≥'].contains(&end);
    let is_label = is_label && !words.is_some_and(|words| words.trim_start().starts_with(ends_range));
    if rest.trim().is_empty() || is_label { digits.parse().ok() } else { None }
}

/// Returns the old script's short form.
pub fn screening(option: &str) -> String {
    let lower = option.to_lowercase();
    if let Some(interval) = lower.strip_prefix("no screening, recommendation for reassessment in") {
        return format!("Reassessment in {}", interval.trim());
    }
    for (start, short) in
        [("fecal immunochemical test", "FIT"), ("no screening", "No screening"), ("colonoscopy", "Colonoscopy")]
    {
        if lower.starts_with(start) {
            return short.to_owned();
        }
    }
    option.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_a_number_by_its_label_or_on_the_verbal_scale() {
        for (option, expected) in [
            ("1 - Not Confident", Some(1)),
            ("3: sure", Some(3)),
            ("10", Some(10)),
            ("Very Low Risk", Some(1)),
            (" moderate ", Some(3)),
            ("1-2 times", None),
            ("2 units per week", None),
            ("0 - 5", None),
            ("6 – 10 years", None),
            ("5 - <10", None),
            ("2 -", Some(2)),
            ("Colonoscopy", None),
        ] {
            assert_eq!(number(option), expected, "{option}");
        }
    }

    #[test]
    fn a_screening_recommendation_has_a_short_form() {
        for (option, short) in [
            ("No screening, recommendation for reassessment in 3 years", "Reassessment in 3 years"),
            ("Fecal Immunochemical Test (FIT)", "FIT"),
            ("Colonoscopy", "Colonoscopy"),
            ("No screening needed", "No screening"),
            ("Other", "Other"),
        ] {
            assert_eq!(screening(option), short);
        }
    }
}
