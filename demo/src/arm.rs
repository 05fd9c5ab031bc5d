//! The arms of the demo study: what a participant sees of a case, and how (contract, section 4, `path_config`).

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::observations::{SCORE, family_history, medical_history};

/// How one assignment presents its case.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Arm {
    /// Everything that is recorded, without emphasis or AI score.
    Plain,
    /// The same with the AI score of the visit.
    AiScore,
    /// Everything, with history highlighted and habits collapsed.
    Emphasis,
    /// Positive history on top; of the rest only smoking, abdomen and BMI; and the AI score given by the assignment.
    Focus,
}

impl Arm {
    pub const ALL: [Self; 4] = [Self::Plain, Self::AiScore, Self::Emphasis, Self::Focus];

    /// Returns the value of `display_config.arm`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::AiScore => "ai-score",
            Self::Emphasis => "emphasis",
            Self::Focus => "focus",
        }
    }

    /// Returns whether the participant sees the AI score.
    pub fn shows_ai_score(self) -> bool {
        matches!(self, Self::AiScore | Self::Focus)
    }

    /// Returns the value of `display_config.path_config`.
    pub fn path_config(self, case: &Case) -> Vec<PathEntry> {
        match self {
            Self::Plain => everything(case, Style::default(), Style::default()),
            Self::AiScore => {
                let mut entries = everything(case, Style::default(), Style::default());
                entries.push(PathEntry::new("RISK ASSESSMENT.CRC risk assessments", Style::default()));
                entries
            }
            Self::Emphasis => everything(case, Style::highlighted(), Style::collapsed()),
            Self::Focus => focus(case),
        }
    }
}

/// An element of `path_config`.
#[derive(Debug, Serialize)]
pub(crate) struct PathEntry {
    path: String,
    style: Style,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Style {
    #[serde(skip_serializing_if = "Option::is_none")]
    collapse: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    highlight: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<f64>,
}

impl PathEntry {
    fn new(path: impl Into<String>, style: Style) -> Self {
        Self { path: path.into(), style }
    }
}

impl Style {
    fn highlighted() -> Self {
        Self { collapse: Some(false), highlight: Some(true), top: None }
    }

    fn collapsed() -> Self {
        Self { collapse: Some(true), ..Self::default() }
    }

    fn on_top(top: f64) -> Self {
        Self { top: Some(top), ..Self::highlighted() }
    }
}

fn everything(case: &Case, history: Style, habits: Style) -> Vec<PathEntry> {
    let family = below("Family History", family_history(case), history);
    let smoke = below("Social History.Smoke", case.smoke.iter(), habits);
    let alcohol = below("Social History.Alcohol", case.alcohol.iter(), habits);
    let medical = below("Medical History", medical_history(case), history);
    family.chain(smoke).chain(alcohol).chain(medical).collect()
}

fn focus(case: &Case) -> Vec<PathEntry> {
    let positive = |text: &String| text.ends_with(": Yes");
    let family = below("Family History", family_history(case).filter(positive), Style::on_top(1.0));
    let medical = below("Medical History", medical_history(case).filter(positive), Style::on_top(2.0));
    let smoke = below("Social History.Smoke", case.smoke.iter(), Style::default());
    let score = case.risk.iter().find(|text| text.starts_with(SCORE)).map_or("CRC risk assessments", String::as_str);
    let others = [
        "PHYSICAL EXAMINATION.Abdominal.Abdominal".to_owned(),
        "PHYSICAL EXAMINATION.BMI.BMI (body mass index) centile".to_owned(),
        format!("RISK ASSESSMENT.{score}"),
    ];
    family.chain(medical).chain(smoke).chain(others.map(|path| PathEntry::new(path, Style::default()))).collect()
}

fn below(key: &str, values: impl Iterator<Item = impl AsRef<str>>, style: Style) -> impl Iterator<Item = PathEntry> {
    values.map(move |value| PathEntry::new(format!("BACKGROUND.{key}.{}", value.as_ref()), style))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Study;

    fn paths(arm: Arm, case: i32) -> Vec<String> {
        arm.path_config(Study::embedded().case(case)).into_iter().map(|entry| entry.path).collect()
    }

    #[test]
    fn only_two_arms_show_the_ai_score() {
        for arm in Arm::ALL {
            let shows = paths(arm, 9).iter().any(|path| path.starts_with("RISK ASSESSMENT."));
            assert_eq!(shows, arm.shows_ai_score(), "{arm:?}");
        }
    }

    #[test]
    fn the_focus_leaves_out_what_the_patient_has_not() {
        let focus = paths(Arm::Focus, 9);

        assert!(focus.contains(&"BACKGROUND.Family History.Colorectal Cancer: Yes".to_owned()));
        assert!(!focus.iter().any(|path| path.ends_with(": No")));
    }

    #[test]
    fn the_focus_states_the_score_or_asks_for_the_risk_where_there_is_none() {
        assert!(paths(Arm::Focus, 9).contains(&"RISK ASSESSMENT.Colorectal Cancer Score: 9".to_owned()));
        assert!(paths(Arm::Focus, 11).contains(&"RISK ASSESSMENT.CRC risk assessments".to_owned()));
    }

    #[test]
    fn a_style_holds_only_what_is_set() {
        let entry = PathEntry::new("A.b", Style { top: Some(1.0), ..Style::default() });

        assert_eq!(serde_json::to_string(&entry).unwrap(), r#"{"path":"A.b","style":{"top":1.0}}"#);
    }
}
