//! Answers by question, with normalised options: a number if every option is one, otherwise the text.

use export::value::{Column, Kind, Value};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use shared::stored_json::{entries, fields, text};
use sqlx::PgConnection;

use super::chosen::{SEPARATOR, chosen};
use super::columns::{Choice, Described};
use super::option::{number, screening};
use crate::failure::Failure;

/// The old export script's column names of four questions, by words in their titles.
const NAMED: [(&[&str], &str); 4] = [
    (&["assess this patient's risk for colorectal cancer"], "risk_assessment"),
    (&["confident are you in your screening recommendation"], "confidence_level"),
    (&["colorectal cancer screening options would you recommend"], SCREENING),
    (&["addition", "information", "useful"], "additional_info"),
];
const SCREENING: &str = "screening_recommendation";

/// The questions of a study in order; a question of several questionnaires has one column.
#[derive(Debug, Default)]
pub struct Questions(IndexMap<String, Question>);

#[derive(Debug)]
struct Question {
    title: String,
    kind: Answer,
    /// Options of all questionnaires.
    options: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Number,
    Screening,
    Text,
}

impl Questions {
    /// Reads the questions of [`questionnaires`].
    pub async fn of_study(snapshot: &mut PgConnection) -> Result<Self, Failure> {
        let mut questions = Self::default();
        questionnaires(snapshot).await?.iter().for_each(|config| questions.add(config));
        Ok(questions)
    }

    fn add(&mut self, config: &str) {
        for Asked { title, options, is_multiple } in asked(config) {
            let kind = kind(&title, &options, is_multiple);
            let known = self.0.entry(title.clone()).or_insert(Question { title, kind, options: Vec::new() });
            if known.kind != kind {
                known.kind = Answer::Text;
            }
            add_new(&mut known.options, options.into_iter().flatten());
        }
    }

    pub fn columns(&self) -> impl Iterator<Item = Described> {
        self.0.values().map(Question::column)
    }

    /// Returns a value for each column, and the number of answers that are not a number although all options are.
    pub fn answers(&self, answer: Option<&str>) -> (Vec<Value<'static>>, u64) {
        let given = answer.and_then(fields).unwrap_or_default();
        let given: IndexMap<&str, &RawValue> = given.iter().map(|(title, value)| (title.trim(), *value)).collect();
        let mut unknown_options = 0;
        let value = |question: &Question| {
            let chosen = given.get(question.title.as_str()).map(|value| chosen(value, &question.options));
            let chosen = chosen.unwrap_or_default();
            match (question.kind, &chosen[..]) {
                (_, []) => Value::Null,
                (Answer::Text, several) => Value::Text(several.join(SEPARATOR).into()),
                (Answer::Screening, several) => {
                    let short: Vec<String> = several.iter().map(|option| screening(option)).collect();
                    Value::Text(short.join(SEPARATOR).into())
                }
                (Answer::Number, several) => {
                    // several options have no number, and the first one's would hide the others
                    let number = if let [one] = several { number(one) } else { None };
                    number.map_or_else(
                        || {
                            unknown_options += 1;
                            Value::Null
                        },
                        Value::Integer,
                    )
                }
            }
        };
        let values = self.0.values().map(value).collect();
        (values, unknown_options)
    }
}

impl Question {
    fn column(&self) -> Described {
        let (kind, about) = match self.kind {
            Answer::Number => (Kind::Integer, "the number of the option that was chosen"),
            Answer::Screening => (Kind::Text, "the option that was chosen, in short"),
            Answer::Text if self.options.is_empty() => (Kind::Text, "what was written"),
            Answer::Text => (Kind::Text, "the option that was chosen; several are separated by ;"),
        };
        let choice = |option: &String| {
            let value = match self.kind {
                Answer::Number => number(option)?.to_string(),
                Answer::Screening => screening(option),
                Answer::Text => option.trim().to_owned(),
            };
            Some(Choice { value, label: option.clone() })
        };
        Described {
            column: Column::new(column(&self.title).to_owned(), kind, about),
            question: Some(self.title.clone()),
            choices: self.options.iter().filter_map(choice).collect(),
        }
    }
}

/// Returns every questionnaire that was answered, and the newest one, as JSON text.
pub async fn questionnaires(snapshot: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let configs = sqlx::query_scalar!(
        r#"SELECT config::text AS "config!" FROM answer_config
               WHERE id IN (SELECT answer_config_id FROM answer)
                  OR id = (SELECT id FROM answer_config ORDER BY created_timestamp DESC NULLS LAST, id LIMIT 1)
               ORDER BY created_timestamp, id"#
    );
    Ok(configs.fetch_all(snapshot).await?)
}

/// Returns the column name of a question.
pub fn column(title: &str) -> &str {
    name(title).unwrap_or(title)
}

fn name(title: &str) -> Option<&'static str> {
    let title = title.to_lowercase();
    NAMED.iter().find(|(words, _)| words.iter().all(|words| title.contains(words))).map(|(_, name)| *name)
}

/// A question of a questionnaire.
#[derive(Debug)]
pub struct Asked {
    pub title: String,
    /// `None` for options that are not text.
    pub options: Vec<Option<String>>,
    /// Whether several options can be chosen.
    pub is_multiple: bool,
}

/// Returns the questions of a questionnaire that have a title.
pub fn asked(config: &str) -> Vec<Asked> {
    let question = |entry: &RawValue| {
        let entry = fields(entry.get())?;
        let title = text(entry.get("title")?)?.trim().to_owned();
        let options = entry.get("options").and_then(|options| entries(options.get())).unwrap_or_default();
        let is_multiple = entry.get("type").and_then(|kind| text(kind)).as_deref() == Some("MultipleChoice");
        Some(Asked { title, options: options.into_iter().map(text).collect(), is_multiple })
    };
    entries(config).unwrap_or_default().into_iter().filter_map(question).collect()
}

/// Adds unknown options: another questionnaire may ask the same question with other options.
pub fn add_new(known: &mut Vec<String>, options: impl IntoIterator<Item = String>) {
    for option in options {
        if !known.contains(&option) {
            known.push(option);
        }
    }
}

fn kind(title: &str, options: &[Option<String>], is_multiple: bool) -> Answer {
    let has_number = |option: &Option<String>| option.as_deref().and_then(number).is_some();
    match name(title) {
        // one number or short form cannot hold several options
        _ if is_multiple => Answer::Text,
        Some(SCREENING) => Answer::Screening,
        _ if !options.is_empty() && options.iter().all(has_number) => Answer::Number,
        _ => Answer::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(configs: &[&str]) -> Vec<(String, Kind)> {
        let mut questions = Questions::default();
        configs.iter().for_each(|config| questions.add(config));
        questions.columns().map(|described| (described.column.name.into_owned(), described.column.kind)).collect()
    }

    #[test]
    fn a_question_is_numeric_if_all_options_of_all_questionnaires_are() {
        let scale = r#"[{"title": "How sure?", "options": ["1 - no", "2 - yes"]}]"#;
        let words = r#"[{"title": "How sure? ", "options": ["no", "yes"]}]"#;

        assert_eq!(columns(&[scale, scale]), [("How sure?".to_owned(), Kind::Integer)]);
        assert_eq!(columns(&[scale, words]), [("How sure?".to_owned(), Kind::Text)]);
    }

    #[test]
    fn questions_of_the_old_study_have_the_old_scripts_names() {
        let config = r#"[{"title": "How would you assess this patient's risk for colorectal cancer?", "options": ["Low Risk", "High Risk"]},
                         {"title": "What additional information would be useful for making your recommendation?"}]"#;

        let expected = [("risk_assessment".to_owned(), Kind::Integer), ("additional_info".to_owned(), Kind::Text)];
        assert_eq!(columns(&[config]), expected);
    }

    #[test]
    fn answers_to_unknown_questions_are_left_out_and_several_options_are_joined() {
        let mut questions = Questions::default();
        questions.add(r#"[{"title": "Next?", "options": ["a", "b"]}, {"title": "Sure?", "options": ["1", "2"]}, {"title": "Why?"}]"#);

        let (values, unknown) =
            questions.answers(Some(r#"{"Next?": ["a", "b"], "Left over": "x", "Sure?": "3 or so", "Why?": " "}"#));

        let cells: Vec<_> = values.iter().map(|value| value.cell().into_owned()).collect();
        assert_eq!((cells, unknown), (["a; b", "", ""].map(str::to_owned).to_vec(), 1));
    }

    #[test]
    fn several_options_of_a_numeric_question_have_no_number() {
        let mut questions = Questions::default();
        questions.add(r#"[{"title": "Sure?", "options": ["1 - no", "2 - yes"]}]"#);

        let (values, unknown) = questions.answers(Some(r#"{"Sure?": ["1 - no", "2 - yes"]}"#));

        assert_eq!((&*values[0].cell(), unknown), ("", 1));
    }
}
