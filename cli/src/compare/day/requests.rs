//! Sends the requests of a day to both sides.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::state::Play;
use crate::compare::answer::{Reply, Silence};
use crate::compare::client::System;
use crate::compare::difference;
use crate::compare::outcome::{Outcome, Verdict, judge};
use crate::compare::question::{Caller, Content, Question};
use crate::failure::Failure;

/// One person's tokens, from each side.
#[derive(Clone, Default)]
pub struct Tokens([Option<SecretString>; 2]);

/// Replies of both sides.
pub struct Replies {
    pub old: Reply,
    pub tokens: Tokens,
}

impl<'a> Play<'a> {
    pub async fn get(
        &mut self,
        route: &'static str,
        about: &str,
        path: impl Into<String>,
        own: &Tokens,
    ) -> Result<Replies, Failure> {
        self.put(Question::get(route, about, path, Caller::Nobody), own).await
    }

    pub async fn post(
        &mut self,
        route: &'static str,
        about: &str,
        path: &str,
        body: Value,
        own: &Tokens,
    ) -> Result<Replies, Failure> {
        let question = Question::get(route, about, path, Caller::Nobody).posting(Content::Json(body));
        self.put(question, own).await
    }

    pub async fn administer(
        &mut self,
        route: &'static str,
        about: &str,
        path: &str,
        content: Content,
    ) -> Result<(), Failure> {
        let question = Question::get(route, about, path, Caller::Administrator).posting(content);
        self.put(question, &Tokens::default()).await?;
        Ok(())
    }

    pub async fn put(&mut self, question: Question, own: &Tokens) -> Result<Replies, Failure> {
        let (other, is_new) = self.other();
        let [first, second] = own.0.clone().map(|token| match token {
            Some(token) => Question { caller: Caller::Holder(token), ..question.clone() },
            None => question.clone(),
        });
        let credentials = self.day.credentials;
        let ((old, old_token, old_took), (new, new_token, new_took)) =
            tokio::join!(self.day.old.ask_for_token(&first, credentials), other.ask_for_token(&second, credentials));
        if [&old, &new].iter().any(|reply| matches!(reply, Err(Silence::Unreachable))) {
            return Err(Failure::new("a system no longer accepts connections: restore both databases and start again"));
        }
        let mut verdict = judge(&question, &old, &new, self.day.show_values);
        if let (false, Verdict::OnPurpose(_), Ok(old), Ok(new)) = (is_new, &verdict, &old, &new) {
            // both replies come from the old system
            verdict = Verdict::Different(difference::between(old, new, self.day.show_values));
        }
        self.outcomes.push(Outcome::new(
            &question,
            verdict,
            [old_took, if is_new { new_took } else { Duration::ZERO }],
        ));
        self.bar.step();
        Ok(Replies { old, tokens: Tokens([old_token, new_token]) })
    }

    /// Chooses the responding system on the other side; also returns whether it is the new system.
    fn other(&mut self) -> (&'a System, bool) {
        match self.day.old_beside_new {
            Some(old) if self.rng.below(2) == 0 => (old, false),
            _ => (self.day.new, true),
        }
    }
}
