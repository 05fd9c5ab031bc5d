//! Questionnaires that the frontend can show: a list of questions with a type and a title, and options for choices.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use shared::{ApiError, Business};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A question. Researchers may add other keys.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the derived schema is used")]
pub(crate) struct Question {
    r#type: QuestionType,
    /// The key under which answers are stored.
    #[schema(min_length = 1, pattern = r"\S")]
    title: String,
    /// Two or more, for choices.
    #[schema(value_type = Vec<Value>, required = false, min_items = 2)]
    options: Vec<Value>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only the derived schema is used")]
pub(crate) enum QuestionType {
    Text,
    Paragraph,
    SingleChoice,
    MultipleChoice,
}

/// The first error, with the message of contract section 1.
#[derive(Debug, PartialEq, Eq)]
pub struct QuestionnaireError {
    detail: &'static str,
    /// Where the error is.
    place: String,
}

impl From<QuestionnaireError> for ApiError {
    fn from(error: QuestionnaireError) -> Self {
        Self::BusinessAt { error: Business::InvalidAnswerConfig, detail: Some(error.detail), place: error.place }
    }
}

const EMPTY: &str = "Answer config can not be empty list.";
const TYPE: &str = "Type should be Text, Paragraph, SingleChoice or MultipleChoice";
const OPTIONS: &str = "Choice question must contain at least 2 options.";

/// Checks the questions in order. Ignores unknown keys, which are up to the researchers.
pub fn check(config: &Value) -> Result<(), QuestionnaireError> {
    let questions = config.as_array().filter(|questions| !questions.is_empty());
    let questions = questions
        .ok_or_else(|| QuestionnaireError { detail: EMPTY, place: "body: a list of questions is needed".to_owned() })?;
    for (index, question) in questions.iter().enumerate() {
        check_question(question)
            .map_err(|detail| QuestionnaireError { detail, place: format!("question {}", index + 1) })?;
    }
    Ok(())
}

/// Publishes these questions, which must have been checked, and returns their id.
pub async fn publish(connection: &mut PgConnection, config: &RawValue) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::new_v4();
    // stored as sent, because key order and number formats are up to the researchers
    sqlx::query!(
        "INSERT INTO answer_config (id, config, created_timestamp) VALUES ($1, $2::text::json, now() AT TIME ZONE 'UTC')",
        id,
        config.get()
    )
    .execute(connection)
    .await?;
    Ok(id)
}

fn check_question(question: &Value) -> Result<(), &'static str> {
    let question = question.as_object().ok_or(TYPE)?;
    let (title_is_missing, has_options) = match question.get("type").and_then(Value::as_str) {
        Some("Text") => ("A question title is required in text.", false),
        Some("Paragraph") => ("A question title is required in paragraph.", false),
        Some("SingleChoice") => ("A question title is required in single choice.", true),
        Some("MultipleChoice") => ("A question title is required in multiple choice.", true),
        _ => return Err(TYPE),
    };
    if !has_title(question) {
        return Err(title_is_missing);
    }
    // options may have any type: some are numbers in production
    let options = question.get("options").and_then(Value::as_array).map_or(0, Vec::len);
    if has_options && options < 2 { Err(OPTIONS) } else { Ok(()) }
}

/// Returns whether the question has a title, under which answers are stored.
fn has_title(question: &Map<String, Value>) -> bool {
    question.get("title").and_then(Value::as_str).is_some_and(|title| !title.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn accepts_every_type() {
        let questions = json!([
            {"type": "Text", "title": "a"},
            {"type": "Paragraph", "title": "b", "required": true, "options": null},
            {"type": "SingleChoice", "title": "c", "options": ["x", "y"]},
            {"type": "MultipleChoice", "title": "d", "options": [1, null, {}]},
        ]);

        assert_eq!(check(&questions), Ok(()));
    }

    #[test]
    fn names_the_first_invalid_question() {
        let questions = json!([{"type": "Text", "title": "a"}, {"type": "Text", "title": " "}, 5]);

        assert_eq!(
            check(&questions),
            Err(QuestionnaireError { detail: "A question title is required in text.", place: "question 2".to_owned() })
        );
    }

    #[test]
    fn refuses_invalid_questions() {
        for (question, detail) in [
            (json!("Text"), TYPE),
            (json!(null), TYPE),
            (json!({"title": "t"}), TYPE),
            (json!({"type": "text", "title": "t"}), TYPE),
            (json!({"type": 1, "title": "t"}), TYPE),
            (json!({"type": "Paragraph", "title": null}), "A question title is required in paragraph."),
            (
                json!({"type": "SingleChoice", "title": 5, "options": []}),
                "A question title is required in single choice.",
            ),
            (json!({"type": "SingleChoice", "title": "t", "options": ["a"]}), OPTIONS),
            (json!({"type": "MultipleChoice", "title": "t", "options": {"a": 1, "b": 2}}), OPTIONS),
        ] {
            assert_eq!(check(&json!([question])).unwrap_err().detail, detail, "{question}");
        }
    }

    #[test]
    fn refuses_anything_but_a_list_of_questions() {
        for config in [json!([]), json!({}), json!(null), json!("Text")] {
            assert_eq!(check(&config).unwrap_err().detail, EMPTY, "{config}");
        }
    }
}
