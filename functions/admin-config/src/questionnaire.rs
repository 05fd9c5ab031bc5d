//! A questionnaire as the frontend can show it: a list of questions with a type and a title, the choices with options.

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use shared::{ApiError, Business};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A question, for the OpenAPI document; [`check`] reads it. Other keys are the researchers' own.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the derived schema is all that is used")]
pub(crate) struct Question {
    r#type: QuestionType,
    /// Answers are stored under it.
    #[schema(min_length = 1, pattern = r"\S")]
    title: String,
    /// Two or more where there is a choice.
    #[schema(value_type = Vec<Value>, required = false, min_items = 2)]
    options: Vec<Value>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "the derived schema is all that is used")]
pub(crate) enum QuestionType {
    Text,
    Paragraph,
    SingleChoice,
    MultipleChoice,
}

/// The first thing that is wrong, in the words of contract section 1.
#[derive(Debug, PartialEq, Eq)]
pub struct QuestionnaireError {
    detail: &'static str,
    /// What stands where something else should.
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

/// Checks the questions in their order; other keys than these are the researchers' own.
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

/// Makes these questions, which were checked, the newest; their id.
pub async fn publish(connection: &mut PgConnection, config: &RawValue) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::new_v4();
    // as it was sent: key order and number formats are the researchers' own
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
    // what an option is stays open: some are numbers in production
    let options = question.get("options").and_then(Value::as_array).map_or(0, Vec::len);
    if has_options && options < 2 { Err(OPTIONS) } else { Ok(()) }
}

/// Answers are stored under the title.
fn has_title(question: &Map<String, Value>) -> bool {
    question.get("title").and_then(Value::as_str).is_some_and(|title| !title.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_its_needs() {
        let questions = json!([
            {"type": "Text", "title": "a"},
            {"type": "Paragraph", "title": "b", "required": true, "options": null},
            {"type": "SingleChoice", "title": "c", "options": ["x", "y"]},
            {"type": "MultipleChoice", "title": "d", "options": [1, null, {}]},
        ]);

        assert_eq!(check(&questions), Ok(()));
    }

    #[test]
    fn the_first_bad_question_is_named() {
        let questions = json!([{"type": "Text", "title": "a"}, {"type": "Text", "title": " "}, 5]);

        assert_eq!(
            check(&questions),
            Err(QuestionnaireError { detail: "A question title is required in text.", place: "question 2".to_owned() })
        );
    }

    #[test]
    fn what_is_no_question_is_refused() {
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
    fn what_is_no_list_of_questions_is_empty() {
        for config in [json!([]), json!({}), json!(null), json!("Text")] {
            assert_eq!(check(&config).unwrap_err().detail, EMPTY, "{config}");
        }
    }
}
