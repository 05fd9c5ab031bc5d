//! The AI score: taken from the assignment, or else from the visit's risk assessment (contract, section 4).

use crate::case::Case;
use crate::node::{Node, Values};
use crate::path_config::PathConfig;

/// The name of the section, which exists only in entries.
pub const SECTION: &str = "RISK ASSESSMENT";
const TOGGLE: &str = "CRC risk assessments";
const RISK_ASSESSMENT_CONCEPT_ID: i32 = 45_614_722;
/// The heading of the score.
pub const KEY: &str = "AI CRC Risk Score (<6: Low; 6-11: Medium; >11: High)";

const SCORE: &str = "Colorectal Cancer Score";
const SCORE_AS_SHOWN: &str = "Predicted Colorectal Cancer Score";
const RISK: &str = "Adjusted CRC Risk";
const RISK_AS_SHOWN: &str = "AI-Predicted CRC Risk Score";

/// Returns the last node of `importantInfos`, if an entry asks for it.
pub fn node(case: &Case, path_config: &PathConfig) -> Option<Node> {
    let stated = path_config.below(SECTION).find_map(|(text, _)| shown(text, SCORE, SCORE_AS_SHOWN));
    let is_asked_for = || path_config.below(SECTION).any(|(text, _)| text == TOGGLE);
    let assessed = || assessed(case).unwrap_or_else(|| format!("{RISK_AS_SHOWN}: N/A"));
    let score = stated.or_else(|| is_asked_for().then(assessed))?;
    Some(Node::new(KEY, Values::Texts(vec![score])))
}

/// Returns whether the text after `RISK ASSESSMENT.` states a score, or asks for one that the visit has.
pub fn is_named_by(case: &Case, text: &str) -> bool {
    shown(text, SCORE, SCORE_AS_SHOWN).is_some() || (text == TOGGLE && assessed(case).is_some())
}

/// Returns the paths below the section that entries can name: none if the visit has no score.
pub fn paths(case: &Case) -> Vec<String> {
    assessed(case).map(|_| TOGGLE.to_owned()).into_iter().collect()
}

fn assessed(case: &Case) -> Option<String> {
    let texts = || {
        let assessments =
            case.observations.iter().filter(|row| row.observation_concept_id == RISK_ASSESSMENT_CONCEPT_ID);
        assessments.filter_map(|row| row.text(&case.vocabulary))
    };
    texts()
        .find_map(|text| shown(&text, SCORE, SCORE_AS_SHOWN))
        .or_else(|| texts().find_map(|text| shown(&text, RISK, RISK_AS_SHOWN)))
}

/// Rewrites a score for display. Text without a colon is not a score: it would blank the frontend's page (contract,
/// section 8).
fn shown(text: &str, stored: &str, as_shown: &str) -> Option<String> {
    let rest = text.strip_prefix(stored)?;
    rest.contains(':').then(|| format!("{as_shown}{rest}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::example::{node as plain, observed, review, visit};

    const ASKED_FOR: &str = "RISK ASSESSMENT.CRC risk assessments";

    fn important(assessments: &[&str], paths: &[&str]) -> Value {
        let observations = assessments.iter().map(|text| observed(RISK_ASSESSMENT_CONCEPT_ID, text)).collect();
        let entries = paths.iter().map(|path| json!({ "path": path })).collect();
        review(&Case { observations, ..visit() }, &json!({}), &Value::Array(entries))["importantInfos"].take()
    }

    fn score(text: &str) -> Value {
        json!([plain("AI CRC Risk Score (<6: Low; 6-11: Medium; >11: High)", json!([text]))])
    }

    #[test]
    fn shows_no_score_unless_an_entry_asks_for_it() {
        assert_eq!(important(&["Colorectal Cancer Score: 9"], &["BACKGROUND.CRC risk assessments.x"]), json!([]));
    }

    #[test]
    fn the_first_stated_score_wins() {
        let paths =
            [ASKED_FOR, "RISK ASSESSMENT.Colorectal Cancer Score: 7.5", "RISK ASSESSMENT.Colorectal Cancer Score: 3"];

        assert_eq!(important(&["Colorectal Cancer Score: 9"], &paths), score("Predicted Colorectal Cancer Score: 7.5"));
    }

    #[test]
    fn shows_the_visits_score_if_no_entry_states_one() {
        let assessments = ["Adjusted CRC Risk: 4.2", "Colorectal Cancer Score: 9"];

        assert_eq!(important(&assessments, &[ASKED_FOR]), score("Predicted Colorectal Cancer Score: 9"));
    }

    #[test]
    fn shows_the_visits_adjusted_risk_if_it_has_no_score() {
        assert_eq!(
            important(&["Other: 1", "Adjusted CRC Risk: 3"], &[ASKED_FOR]),
            score("AI-Predicted CRC Risk Score: 3")
        );
    }

    #[test]
    fn shows_not_available_for_a_visit_without_an_assessment() {
        assert_eq!(important(&["Other: 1"], &[ASKED_FOR]), score("AI-Predicted CRC Risk Score: N/A"));
    }

    #[test]
    fn ignores_a_score_without_a_colon() {
        let paths = ["RISK ASSESSMENT.Colorectal Cancer Score 5", ASKED_FOR];

        assert_eq!(important(&["Colorectal Cancer Score 9"], &paths), score("AI-Predicted CRC Risk Score: N/A"));
    }
}
