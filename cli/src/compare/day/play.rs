//! The events of a day. Each request goes to the old system and, at the same time, to the other side; the day continues according to the
//! old system's response.

use serde_json::{Value, json};

use super::actors::{Actor, Actors};
use super::requests::Tokens;
use super::state::{CASES_EACH, Play};
use crate::compare::answer::Reply;
use crate::compare::outcome::Outcome;
use crate::compare::question::{Caller, Content, Question};
use crate::failure::Failure;

/// Wrong passwords after which the new system locks the account (contract section 9).
const WRONG_PASSWORDS: usize = 10;

impl Play<'_> {
    /// Plays the whole day.
    pub async fn whole_day(mut self, actors: Actors) -> Result<Vec<Outcome>, Failure> {
        let Actors { participants, reset, cases } = actors;
        let mut turns: Vec<usize> = (0..participants.len()).flat_map(|actor| [actor; CASES_EACH]).collect();
        self.rng.shuffle(&mut turns);
        let mut tokens = vec![None; participants.len()];
        let (first, second) = turns.split_at(turns.len() / 2);
        for &turn in first {
            self.turn(&participants, &mut tokens, turn).await?;
        }
        self.invite().await?;
        self.upload(&participants, &cases).await?;
        self.assign_in_batch(&participants, &cases).await?;
        for &turn in second {
            self.turn(&participants, &mut tokens, turn).await?;
        }
        self.reset(&participants[0], reset.mailed(), tokens[0].clone().unwrap_or_default()).await?;
        Ok(self.outcomes)
    }

    /// Logs a participant in on their first turn, and lets them read and answer one case.
    async fn turn(
        &mut self,
        participants: &[Actor],
        tokens: &mut [Option<Tokens>],
        turn: usize,
    ) -> Result<(), Failure> {
        let own = match tokens[turn].clone() {
            Some(own) => own,
            None => self.log_in(&participants[turn]).await?,
        };
        tokens[turn] = Some(own.clone());
        let next = self.get("GET /api/cases", "the next case", "/api/cases", &own).await?.old;
        let Some(config_id) = data(&next, "/0/config_id").and_then(|id| id.as_str().map(str::to_owned)) else {
            return Ok(());
        };
        let path = format!("/api/case-reviews/{config_id}");
        self.get("GET /api/case-reviews/{id}", "the next case", path, &own).await?;
        let questionnaire = self.get("GET /api/config/answer", "a participant", "/api/config/answer", &own).await?.old;
        self.answer(&config_id, &questionnaire, &own).await?;
        let second = self.rng.below(60);
        let timing = json!({"caseConfigId": config_id, "caseOpenTime": "2026-03-02T08:00:00.000Z",
            "answerOpenTime": format!("2026-03-02T08:03:{second:02}.250Z"), "answerSubmitTime": "2026-03-02T08:05:00.5Z"});
        self.post("POST /api/analytics", "a timing", "/api/analytics", timing, &own).await?;
        // another participant must not see this case
        if let Some(other) = tokens.iter().enumerate().find(|(index, other)| *index != turn && other.is_some()) {
            let other = other.1.clone().unwrap_or_default();
            let path = format!("/api/case-reviews/{config_id}");
            self.get("GET /api/case-reviews/{id}", "another participant's case", path, &other).await?;
        }
        Ok(())
    }

    async fn log_in(&mut self, actor: &Actor) -> Result<Tokens, Failure> {
        const ROUTE: &str = "POST /api/auth/login";
        const PATH: &str = "/api/auth/login";
        let login = |email: &str, password: &str| json!({"email": email, "password": password});
        let nobody = Tokens::default();
        if self.rng.below(3) == 0 {
            self.post(ROUTE, "a wrong password", PATH, login(&actor.email, "Wrong-pass-1"), &nobody).await?;
        }
        if self.rng.below(2) == 0 {
            let other_case = actor.email.to_uppercase();
            self.post(ROUTE, "an address in capitals", PATH, login(&other_case, &actor.password), &nobody).await?;
        }
        let replies = self.post(ROUTE, "a login", PATH, login(&actor.email, &actor.password), &nobody).await?;
        Ok(replies.tokens)
    }

    async fn answer(&mut self, config_id: &str, questionnaire: &Reply, own: &Tokens) -> Result<(), Failure> {
        let answer = |words: &str| {
            let id = data(questionnaire, "/id").cloned().unwrap_or_default();
            json!({"answerConfigId": id, "aiScoreShown": true, "answer": {"What do you think?": words, "Sure?": ["yes", 2.5]}})
        };
        let words = format!("Impression {}", self.rng.below(1000));
        let (route, path) = ("POST /api/answer/{id}", format!("/api/answer/{config_id}"));
        self.post(route, "an answer", &path, answer(&words), own).await?;
        match self.rng.below(6) {
            0 => drop(self.post(route, "the same answer again", &path, answer(&words), own).await?),
            1 => drop(self.post(route, "another answer", &path, answer("On second thoughts"), own).await?),
            _ => {}
        }
        Ok(())
    }

    /// Invites two people, one of them twice; one signs up, logs in, and tries wrong passwords.
    async fn invite(&mut self) -> Result<(), Failure> {
        let guest = format!("guest-{}@compare.invalid", self.rng.below(1_000_000_000));
        let other = format!("other-{guest}");
        let accounts = |emails: &[&String]| {
            let accounts: Vec<_> = emails.iter().map(|email| json!({"email": email, "name": "A guest"})).collect();
            json!({ "users": accounts })
        };
        for (about, emails) in [("invitations", vec![&guest, &other]), ("an invitation again", vec![&guest])] {
            self.administer("POST /admin/users", about, "/admin/users", Content::Json(accounts(&emails))).await?;
        }
        let nobody = Tokens::default();
        for (about, password) in
            [("a weak password", "weak"), ("a signup", "Guest-pass-1"), ("a second signup", "Guest-pass-1")]
        {
            let account = json!({"email": guest, "password": password});
            self.post("POST /api/auth/signup", about, "/api/auth/signup", account, &nobody).await?;
        }
        let login = |password: &str| json!({"email": guest, "password": password});
        self.post("POST /api/auth/login", "a new account", "/api/auth/login", login("Guest-pass-1"), &nobody).await?;
        for _ in 0..WRONG_PASSWORDS {
            self.post("POST /api/auth/login", "a wrong password", "/api/auth/login", login("Wrong-pass-1"), &nobody)
                .await?;
        }
        let about = "a login after many wrong passwords";
        self.post("POST /api/auth/login", about, "/api/auth/login", login("Guest-pass-1"), &nobody).await?;
        Ok(())
    }

    /// Uploads a file with a mistake, and one that replaces every assignment.
    async fn upload(&mut self, participants: &[Actor], cases: &[i32]) -> Result<(), Failure> {
        let header = "User,Case No.,Path,Collapse,Highlight,Top\n";
        let (route, path) = ("POST /admin/config/upload", "/admin/config/upload");
        let mistake = format!("{header}{},one,BACKGROUND.Family History.Cancer: Yes,,,\n", participants[0].email);
        self.administer(route, "a case that is not a number", path, Content::Csv(mistake)).await?;
        let mut rows = header.to_owned();
        for actor in participants {
            let mut own = cases.to_vec();
            self.rng.shuffle(&mut own);
            for case in own.iter().take(CASES_EACH) {
                let top = self.rng.below(3);
                let email = &actor.email;
                rows.extend([
                    format!("\"{email}\",{case},BACKGROUND.Family History.Cancer: Yes,TRUE,FALSE,{top}\n"),
                    format!("\"{email}\",{case},RISK ASSESSMENT.CRC risk assessments,,,\n"),
                ]);
            }
        }
        self.administer(route, "assignments", path, Content::Csv(rows)).await?;
        Ok(())
    }

    async fn assign_in_batch(&mut self, participants: &[Actor], cases: &[i32]) -> Result<(), Failure> {
        let assigned = participants.iter().zip(cases.iter().cycle()).enumerate();
        let entries: Vec<_> = assigned
            .map(|(index, (actor, case))| {
                let id = format!("day-{index}");
                json!({"user_email": actor.email, "case_id": case, "path_config": [], "id": id, "arm": "control"})
            })
            .collect();
        let entries = Content::Json(json!({ "configs": entries }));
        let question = Question::get("POST /api/v1/configs/batch", "a batch", "/api/v1/configs/batch", Caller::Service);
        self.put(question.posting(entries), &Tokens::default()).await?;
        Ok(())
    }

    /// Resets a password: the new system must refuse earlier tokens, and the link is used up.
    async fn reset(&mut self, actor: &Actor, link: &str, before: Tokens) -> Result<(), Failure> {
        let nobody = Tokens::default();
        for about in ["a reset", "a reset with a used link"] {
            let reset = json!({"password": "After-reset-1", "resetToken": link});
            self.post("POST /api/auth/reset-password", about, "/api/auth/reset-password", reset, &nobody).await?;
        }
        self.get("GET /api/cases", "a token from before the reset", "/api/cases", &before).await?;
        let login = json!({"email": actor.email, "password": "After-reset-1"});
        let tokens =
            self.post("POST /api/auth/login", "after a reset", "/api/auth/login", login, &nobody).await?.tokens;
        self.get("GET /api/cases", "after a reset", "/api/cases", &tokens).await?;
        Ok(())
    }
}

fn data<'a>(reply: &'a Reply, place: &str) -> Option<&'a Value> {
    reply.as_ref().ok()?.json()?["data"].pointer(place)
}
