//! The outcome of a request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answer::{Reply, Token};
use super::difference::{self, Difference};
use super::question::{Caller, Question};
use super::rules::{self, AnswerPair};

/// A request, and the comparison of its two responses.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Outcome {
    pub route: String,
    pub about: String,
    pub verdict: Verdict,
    /// Duration in each system, in microseconds.
    pub old_us: u64,
    pub new_us: u64,
}

/// Result of comparing two responses.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Equal,
    /// Explained by the rules with these names.
    OnPurpose(Vec<String>),
    Different(Vec<Difference>),
}

impl Outcome {
    pub fn new(question: &Question, verdict: Verdict, took: [Duration; 2]) -> Self {
        let [old_us, new_us] = took.map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        Self { route: question.route.to_owned(), about: question.about.clone(), verdict, old_us, new_us }
    }

    /// Returns the same key as [`Question::key`].
    pub fn key(&self) -> String {
        format!("{} | {}", self.route, self.about)
    }
}

/// Compares two replies.
pub fn judge(question: &Question, old: &Reply, new: &Reply, show_values: bool) -> Verdict {
    let (mut old, mut new) = match (old, new) {
        (Ok(old), Ok(new)) => (old.clone().comparable(), new.clone().comparable()),
        (old, new) => {
            let describe =
                |reply: &Reply| reply.as_ref().map_or_else(|silence| format!("{silence:?}"), |_| "there".to_owned());
            let difference = Difference { place: "answer".to_owned(), old: describe(old), new: describe(new) };
            return Verdict::Different(vec![difference]);
        }
    };
    if matches!(question.caller, Caller::Service | Caller::Administrator) {
        // a program has a key, and ignores the token that the new system returns if an administrator's token replaces the key
        (old.token, new.token) = (Token::Missing, Token::Missing);
    }
    if question.method == "POST" {
        // each database has its own row ids, and a failed insert uses one up
        for answer in [&mut old, &mut new] {
            answer.forget_number();
        }
    }
    if (old.token, new.token) == (Token::Missing, Token::Same) {
        // the new system returns the token to every caller (contract section 1), so the difference means nothing
        new.token = Token::Missing;
    }
    if old == new {
        return Verdict::Equal;
    }
    let rules = rules::explaining(&AnswerPair { question, old: &old, new: &new });
    if rules.is_empty() {
        Verdict::Different(difference::between(&old, &new, show_values))
    } else {
        Verdict::OnPurpose(rules.into_iter().map(str::to_owned).collect())
    }
}
