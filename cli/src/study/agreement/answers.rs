//! Reads the stored answers to a question.

use futures_util::TryStreamExt as _;
use shared::stored_json::fields;
use sqlx::PgConnection;

use super::question::Question;
use crate::export::{answer_text, participant_id};
use crate::failure::Failure;

/// A non-empty answer.
#[derive(Debug)]
pub struct Given {
    pub user_id: u64,
    /// `visit_occurrence_id`.
    pub case_id: i32,
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub answer: String,
}

/// The answers to a question.
#[derive(Debug, Default)]
pub struct Answers {
    /// Answers, oldest first.
    pub given: Vec<Given>,
    /// Number of answers that leave the question empty, or were asked other questions.
    pub empty: usize,
    /// Number of answers without a case or a participant.
    pub nameless: usize,
}

/// Reads the answers to a question.
pub async fn read(
    snapshot: &mut PgConnection,
    question: &Question,
    experiment: Option<&str>,
) -> Result<Answers, Failure> {
    let mut rows = sqlx::query!(
        "SELECT user_email, case_id, experiment_id, arm, answer::text
         FROM answer
         WHERE $1::text IS NULL OR experiment_id = $1
         ORDER BY created_timestamp, id",
        experiment
    )
    .fetch(snapshot);
    let mut answers = Answers::default();
    while let Some(row) = rows.try_next().await? {
        let Some(answer) = row.answer.as_deref().and_then(|answer| answer_to(answer, question)) else {
            answers.empty += 1;
            continue;
        };
        let (Some(email), Some(case_id)) = (row.user_email, row.case_id) else {
            answers.nameless += 1;
            continue;
        };
        let (experiment_id, arm) = (row.experiment_id, row.arm);
        answers.given.push(Given { user_id: participant_id(&email), case_id, experiment_id, arm, answer });
    }
    Ok(answers)
}

fn answer_to(answer: &str, question: &Question) -> Option<String> {
    let answers = fields(answer)?;
    let (_, value) = answers.iter().find(|(name, _)| name.trim() == question.title)?;
    answer_text(value, &question.options)
}
