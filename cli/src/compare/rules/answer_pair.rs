use crate::compare::answer::Answer;
use crate::compare::question::Question;

/// Two different responses to one request.
pub struct AnswerPair<'a> {
    pub question: &'a Question,
    pub old: &'a Answer,
    pub new: &'a Answer,
}
