//! Answers by question, with their options normalised: a number where every option is one, else the text.

use export::value::{Kind, Value};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use shared::python::json_cell;
use shared::stored_json::{entries, fields, text};
use sqlx::PgConnection;

use crate::failure::Failure;

/// Names that the old export script gave the columns of four questions, by words that their titles have.
const NAMED: [(&[&str], &str); 4] = [
    (&["assess this patient's risk for colorectal cancer"], "risk_assessment"),
    (&["confident are you in your screening recommendation"], "confidence_level"),
    (&["colorectal cancer screening options would you recommend"], SCREENING),
    (&["addition", "information", "useful"], "additional_info"),
];
const SCREENING: &str = "screening_recommendation";

/// Its numbers for a scale in words.
const SCALE: [&str; 5] = ["very low", "low", "moderate", "high", "very high"];

/// The questions of a study, in their order; of one that was asked in several questionnaires there is one column.
#[derive(Debug, Default)]
pub struct Questions(IndexMap<String, Question>);

#[derive(Debug)]
struct Question {
    title: String,
    kind: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Number,
    Screening,
    Text,
}

impl Questions {
    /// Those of every questionnaire that was answered, and of the newest one.
    pub async fn of_study(snapshot: &mut PgConnection) -> Result<Self, Failure> {
        let configs = sqlx::query_scalar!(
            r#"SELECT config::text AS "config!" FROM answer_config
               WHERE id IN (SELECT answer_config_id FROM answer)
                  OR id = (SELECT id FROM answer_config ORDER BY created_timestamp DESC NULLS LAST, id LIMIT 1)
               ORDER BY created_timestamp, id"#
        );
        let mut questions = Self::default();
        configs.fetch_all(snapshot).await?.iter().for_each(|config| questions.add(config));
        Ok(questions)
    }

    fn add(&mut self, config: &str) {
        for question in entries(config).unwrap_or_default() {
            let Some(question) = fields(question.get()) else { continue };
            let Some(title) = question.get("title").and_then(|title| text(title)) else { continue };
            let title = title.trim().to_owned();
            let kind = kind(&title, question.get("options").copied());
            let known = self.0.entry(title.clone()).or_insert(Question { title, kind });
            if known.kind != kind {
                known.kind = Answer::Text;
            }
        }
    }

    pub fn columns(&self) -> impl Iterator<Item = (String, Kind)> {
        self.0.values().map(|question| {
            let kind = if question.kind == Answer::Number { Kind::Integer } else { Kind::Text };
            (name(&question.title).unwrap_or(&question.title).to_owned(), kind)
        })
    }

    /// A value for each column, and how many answers are no number where all options are.
    pub fn answers(&self, answer: Option<&str>) -> (Vec<Value<'static>>, u64) {
        let given = answer.and_then(fields).unwrap_or_default();
        let given: IndexMap<&str, &RawValue> = given.iter().map(|(title, value)| (title.trim(), *value)).collect();
        let mut unknown_options = 0;
        let value = |question: &Question| {
            let Some(answer) = given.get(question.title.as_str()).and_then(|value| answer_text(value)) else {
                return Value::Null;
            };
            match question.kind {
                Answer::Text => Value::Text(answer.into()),
                Answer::Screening => Value::Text(screening(&answer).into()),
                Answer::Number => number(&answer).map_or_else(
                    || {
                        unknown_options += 1;
                        Value::Null
                    },
                    Value::Integer,
                ),
            }
        };
        let values = self.0.values().map(value).collect();
        (values, unknown_options)
    }
}

fn name(title: &str) -> Option<&'static str> {
    let title = title.to_lowercase();
    NAMED.iter().find(|(words, _)| words.iter().all(|words| title.contains(words))).map(|(_, name)| *name)
}

fn kind(title: &str, options: Option<&RawValue>) -> Answer {
    let options = options.and_then(|options| entries(options.get())).unwrap_or_default();
    let number_of = |option: &&RawValue| text(option).and_then(|option| number(&option));
    match name(title) {
        Some(SCREENING) => Answer::Screening,
        _ if !options.is_empty() && options.iter().all(|option| number_of(option).is_some()) => Answer::Number,
        _ => Answer::Text,
    }
}

/// Several options of one answer are separated by semicolons. Nothing for what is empty.
fn answer_text(value: &RawValue) -> Option<String> {
    let cells: Vec<String> = match entries(value.get()) {
        Some(several) => several.into_iter().map(json_cell).collect(),
        None => vec![json_cell(value)],
    };
    let cells: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    (!cells.is_empty()).then(|| cells.join("; "))
}

/// `1 - Not Confident` is 1, and `Moderate Risk` is 3.
fn number(option: &str) -> Option<i64> {
    let option = option.trim().to_lowercase();
    let rest = option.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = &option[..option.len() - rest.len()];
    if digits.is_empty() {
        let word = option.strip_suffix(" risk").unwrap_or(&option);
        return SCALE.iter().position(|step| *step == word).and_then(|step| i64::try_from(step + 1).ok());
    }
    // not of "1-2 times" or "10 units"
    let words = rest.trim_start().strip_prefix(['-', '–', '—', '.', ':', ')', '=']);
    let is_label = words.is_some_and(|words| words.is_empty() || words.starts_with(char::is_whitespace));
    if rest.trim().is_empty() || is_label { digits.parse().ok() } else { None }
}

/// The old script's short forms.
fn screening(option: &str) -> String {
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
    fn an_option_is_a_number_by_its_label_or_on_the_scale_in_words() {
        for (option, expected) in [
            ("1 - Not Confident", Some(1)),
            ("3: sure", Some(3)),
            ("10", Some(10)),
            ("Very Low Risk", Some(1)),
            (" moderate ", Some(3)),
            ("1-2 times", None),
            ("2 units per week", None),
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

    fn columns(configs: &[&str]) -> Vec<(String, Kind)> {
        let mut questions = Questions::default();
        configs.iter().for_each(|config| questions.add(config));
        questions.columns().collect()
    }

    #[test]
    fn a_question_is_a_number_where_every_option_of_every_questionnaire_is() {
        let scale = r#"[{"title": "How sure?", "options": ["1 - no", "2 - yes"]}]"#;
        let words = r#"[{"title": "How sure? ", "options": ["no", "yes"]}]"#;

        assert_eq!(columns(&[scale, scale]), [("How sure?".to_owned(), Kind::Integer)]);
        assert_eq!(columns(&[scale, words]), [("How sure?".to_owned(), Kind::Text)]);
    }

    #[test]
    fn the_old_studys_questions_have_the_names_of_the_old_script() {
        let config = r#"[{"title": "How would you assess this patient's risk for colorectal cancer?", "options": ["Low Risk", "High Risk"]},
                         {"title": "What additional information would be useful for making your recommendation?"}]"#;

        let expected = [("risk_assessment".to_owned(), Kind::Integer), ("additional_info".to_owned(), Kind::Text)];
        assert_eq!(columns(&[config]), expected);
    }

    #[test]
    fn answers_to_nothing_that_was_asked_are_left_out_and_several_options_are_joined() {
        let mut questions = Questions::default();
        questions.add(r#"[{"title": "Next?", "options": ["a", "b"]}, {"title": "Sure?", "options": ["1", "2"]}, {"title": "Why?"}]"#);

        let (values, unknown) =
            questions.answers(Some(r#"{"Next?": ["a", "b"], "Left over": "x", "Sure?": "3 or so", "Why?": " "}"#));

        let cells: Vec<_> = values.iter().map(|value| value.cell().into_owned()).collect();
        assert_eq!((cells, unknown), (["a; b", "", ""].map(str::to_owned).to_vec(), 1));
    }
}
