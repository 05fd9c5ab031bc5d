use crate::compare::answer::Answer;
use crate::compare::question::Question;

/// The responses of both systems to one request, which differ.
pub struct AnswerPair<'a> {
    pub question: &'a Question,
    pub old: &'a Answer,
    pub new: &'a Answer,
}
