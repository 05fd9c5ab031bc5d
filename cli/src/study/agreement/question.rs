//! The question that figures are about.

use serde_json::value::RawValue;
use shared::stored_json::{entries, fields, text};

use crate::export::question_column;

/// A question, with the options of all questionnaires that asked it.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    pub title: String,
    pub options: Vec<String>,
    /// Whether several options can be chosen.
    pub is_multiple: bool,
}

/// Returns the questions of questionnaires, each once, in their order.
pub fn of_questionnaires(questionnaires: &[String]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for entry in questionnaires.iter().flat_map(|config| entries(config).unwrap_or_default()) {
        let Some(question) = of_entry(entry) else { continue };
        match questions.iter_mut().find(|known| known.title == question.title) {
            None => questions.push(question),
            Some(known) => {
                known.is_multiple |= question.is_multiple;
                let new = question.options.into_iter().filter(|option| !known.options.contains(option));
                let new: Vec<String> = new.collect();
                known.options.extend(new);
            }
        }
    }
    questions
}

fn of_entry(entry: &RawValue) -> Option<Question> {
    let entry = fields(entry.get())?;
    let title = text(entry.get("title")?)?.trim().to_owned();
    let options = entry.get("options").and_then(|options| entries(options.get())).unwrap_or_default();
    let options = options.into_iter().filter_map(text).map(|option| option.trim().to_owned()).collect();
    let is_multiple = entry.get("type").and_then(|kind| text(kind)).as_deref() == Some("MultipleChoice");
    Some(Question { title, options, is_multiple })
}

/// Finds a question by its title, its column in the analysis file, or a part of its title that no other has.
///
/// # Errors
/// What was found instead.
pub fn find<'a>(questions: &'a [Question], wanted: &str) -> Result<&'a Question, String> {
    let wanted = wanted.trim();
    let is_named = |question: &&Question| question.title == wanted || question_column(&question.title) == wanted;
    if let Some(question) = questions.iter().find(is_named) {
        return Ok(question);
    }
    let part = wanted.to_lowercase();
    let found: Vec<&Question> =
        questions.iter().filter(|question| question.title.to_lowercase().contains(&part)).collect();
    let list =
        |questions: &[&Question]| questions.iter().flat_map(|question| ["\n  ", &question.title]).collect::<String>();
    match found[..] {
        [question] => Ok(question),
        [] => Err(format!("no question is called {wanted}; there are:{}", list(&questions.iter().collect::<Vec<_>>()))),
        _ => Err(format!("several questions are called {wanted}:{}", list(&found))),
    }
}
