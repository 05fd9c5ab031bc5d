//! Selects the question.

use crate::export::{Asked, add_new, asked, question_column};

/// A question, with the options of all its questionnaires.
#[derive(Debug, PartialEq, Eq)]
pub struct Question {
    pub title: String,
    pub options: Vec<String>,
    /// Whether several options can be chosen.
    pub is_multiple: bool,
}

/// Returns the questions of the questionnaires in order, without duplicates.
pub fn of_questionnaires(questionnaires: &[String]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for Asked { title, options, is_multiple } in questionnaires.iter().flat_map(|config| asked(config)) {
        let options = options.into_iter().flatten().map(|option| option.trim().to_owned());
        match questions.iter_mut().find(|known| known.title == title) {
            None => questions.push(Question { title, options: options.collect(), is_multiple }),
            Some(known) => {
                known.is_multiple |= is_multiple;
                add_new(&mut known.options, options);
            }
        }
    }
    questions
}

/// Finds a question by its title, its column in the analysis file, or a unique part of its title.
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
