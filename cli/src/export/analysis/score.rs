//! The AI score of a case, as a number (contract, section 4).

use export::value::Value;

/// Returns the score given by the assignment, otherwise by the visit's risk assessment.
pub fn of(paths: &[String], assessments: &[String]) -> Option<f64> {
    let mut stated = paths.iter().filter_map(|path| path.strip_prefix("RISK ASSESSMENT."));
    let texts = || assessments.iter().map(String::as_str);
    stated
        .find_map(|text| number(text, "Colorectal Cancer Score"))
        .or_else(|| texts().find_map(|text| number(text, "Colorectal Cancer Score")))
        .or_else(|| texts().find_map(|text| number(text, "Adjusted CRC Risk")))
}

fn number(text: &str, name: &str) -> Option<f64> {
    let number = text.strip_prefix(name)?.split_once(':')?.1.trim().parse().ok();
    number.filter(|number: &f64| number.is_finite())
}

/// Formats `12` instead of `12.0`: scores are usually whole numbers.
#[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
pub fn value<'a>(score: f64) -> Value<'a> {
    let is_whole = score.fract() == 0.0 && score.abs() < 9_007_199_254_740_992.0;
    if is_whole { Value::Integer(score as i64) } else { Value::Float(score) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignments_score_precedes_the_visits_score_and_its_risk() {
        let toggle = "RISK ASSESSMENT.CRC risk assessments";
        for (paths, assessments, score) in [
            (&["RISK ASSESSMENT.Colorectal Cancer Score: 7.5"][..], &["Colorectal Cancer Score: 9"][..], Some(7.5)),
            (&[toggle], &["Adjusted CRC Risk: 4.2", "Colorectal Cancer Score: 9"], Some(9.0)),
            (&[], &["Adjusted CRC Risk: 4.2"], Some(4.2)),
            (&[toggle], &["Adjusted CRC Risk: High"], None),
            (&[], &[], None),
        ] {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            assert_eq!(of(&owned(paths), &owned(assessments)), score, "{paths:?} {assessments:?}");
        }
    }
}
