//! Requests about answers and timings, and their exports.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{Answer as Reply, Expected, Refusals};
use crate::model::Model;
use crate::people::{Caller, Person};
use crate::requests::exports::Page;
use crate::requests::task::Task;
use crate::sent::{Body, Sent};
use crate::state::answers::{Stored, Timing};
use crate::state::questionnaires::Which;

/// The times of a case, or their defect.
#[derive(Clone, Copy, Debug)]
pub enum Times {
    Seconds(u32),
    Missing,
    Malformed,
    Backwards,
}

#[derive(Clone, Debug)]
pub enum Request {
    Answer { caller: Caller, task: Task, questionnaire: Which, number: u8, score_shown: Option<bool>, is_json: bool },
    Time { caller: Caller, task: Task, times: Times },
}

/// Generates requests of these participants.
pub fn any_request(who: &'static [Person]) -> impl Strategy<Value = Request> {
    let score = select(&[None, None, Some(true), Some(false)][..]);
    let times = prop_oneof![
        8 => (1..3_u32).prop_map(Times::Seconds),
        1 => select(&[Times::Missing, Times::Malformed, Times::Backwards][..]),
    ];
    let answer = (Caller::participant(who), Task::any(), Which::any(), 0..2_u8, score, prop::bool::weighted(0.95));
    prop_oneof![
        6 => answer.prop_map(|(caller, task, questionnaire, number, score_shown, is_json)| {
            Request::Answer { caller, task, questionnaire, number, score_shown, is_json }
        }),
        3 => (Caller::participant(who), Task::any(), times)
            .prop_map(|(caller, task, times)| Request::Time { caller, task, times }),
    ]
}

impl Model {
    pub fn answer_request(&mut self, request: &Request) -> (Sent, Expected) {
        match *request {
            Request::Answer { caller, task, questionnaire, number, score_shown, is_json } => {
                let body = json!({
                    "answer": {"Why?": number},
                    "answerConfigId": self.questionnaires.id(questionnaire),
                    "aiScoreShown": score_shown,
                });
                self.hand_in(caller, task, questionnaire, &body, is_json)
            }
            Request::Time { caller, task, times } => self.time(caller, task, times),
        }
    }

    fn hand_in(
        &mut self,
        caller: Caller,
        task: Task,
        questionnaire: Which,
        body: &Value,
        is_json: bool,
    ) -> (Sent, Expected) {
        let task = self.task_id(task, caller);
        let mut sent = Sent::post(format!("/api/answer/{task}"), self.accounts.credentials(caller), body);
        if !is_json {
            sent.body = Body::Json("{".to_owned());
        }
        let who = self.accounts.participant(caller);
        let own = who.as_ref().ok().and_then(|who| self.own_task(*who, &task)).cloned();
        let mut refusals = Refusals::default();
        refusals.add_if(own.is_none() && who.is_ok(), Reply::business("1010"));
        refusals.add_if(!is_json || questionnaire == Which::NoUuid, Reply::refused(400));
        refusals.add_if(questionnaire == Which::Unknown, Reply::business("1021"));
        refusals.add(who.clone().err());
        if let Some(refused) = refusals.expected() {
            return (sent, refused);
        }
        let (own, who) = own.zip(who.ok()).expect("a missing assignment or participant was refused");
        let (content, questionnaire) = (body["answer"].clone(), body["answerConfigId"].clone());
        let score_shown = body["aiScoreShown"].as_bool().unwrap_or(false);
        // an id may have belonged to an earlier assignment, of another case
        let stored = self.answers.all_of(who).find(|answer| answer.task == task && answer.case == own.case);
        let Some(stored) = stored else {
            let id = self.new_name("answer");
            let new = Stored {
                id: id.clone(),
                task,
                case: own.case,
                who,
                content,
                questionnaire,
                score_shown,
                arm: own.arm,
                is_old: false,
            };
            self.answers.all.push(new);
            return (sent, Reply::data(200, json!({ "id": id })).into());
        };
        let is_same =
            (&stored.content, &stored.questionnaire, stored.score_shown) == (&content, &questionnaire, score_shown);
        let reply = if is_same { Reply::data(200, json!({"id": stored.id})) } else { Reply::refused(409) };
        (sent, reply.into())
    }

    fn time(&mut self, caller: Caller, task: Task, times: Times) -> (Sent, Expected) {
        let task = self.task_id(task, caller);
        let at = |second: u32| format!("2026-03-02T08:00:{second:02}.0Z");
        let (opened, submitted) = match times {
            Times::Seconds(seconds) => (at(0), at(seconds)),
            Times::Missing => (at(0), String::new()),
            Times::Malformed => ("soon".to_owned(), at(1)),
            Times::Backwards => (at(2), at(1)),
        };
        let body = json!({"caseConfigId": task, "caseOpenTime": opened, "answerOpenTime": opened, "answerSubmitTime": submitted});
        let sent = Sent::post("/api/analytics", self.accounts.credentials(caller), &body);
        let who = self.accounts.participant(caller);
        let own = who.as_ref().ok().and_then(|who| self.own_task(*who, &task)).cloned();
        let mut refusals = Refusals::default();
        refusals.add(who.clone().err());
        refusals.add_if(own.is_none() && who.is_ok(), Reply::business("1010"));
        refusals.add_if(matches!(times, Times::Missing | Times::Malformed), Reply::error(400, "1030"));
        refusals.add_if(matches!(times, Times::Backwards), Reply::refused(400));
        if let Some(refused) = refusals.expected() {
            return (sent, refused);
        }
        let (own, who) = own.zip(who.ok()).expect("a missing assignment or participant was refused");
        let Times::Seconds(seconds) = times else { unreachable!("invalid times were refused") };
        let stored = self.answers.timings.iter_mut().find(|timing| timing.who == who && timing.task == task);
        let id = if let Some(timing) = stored {
            (timing.case, timing.seconds) = (own.case, seconds);
            timing.id.clone()
        } else {
            let id = self.new_name("timing");
            self.answers.timings.push(Timing { id: id.clone(), task, case: own.case, who, seconds });
            id
        };
        (sent, Reply::data(200, json!({ "id": id })).into())
    }

    /// Returns the rows of the export of answers, numbered for each participant.
    pub fn exported_answers(&self, page: Page) -> Vec<Value> {
        let is_wanted = |answer: &&Stored| !(answer.is_old && page.leaves_out_old());
        let mut sorted: Vec<&Stored> = self.answers.all.iter().filter(is_wanted).collect();
        sorted.sort_by_key(|answer| answer.who.address());
        let of_one = sorted.chunk_by(|one, next| one.who == next.who);
        of_one
            .flat_map(|answers| answers.iter().zip(1..))
            .map(|(answer, number)| self.exported(answer, number))
            .collect()
    }

    fn exported(&self, answer: &Stored, order_id: i32) -> Value {
        json!({
            "answer_id": answer.id, "case_id": answer.case, "user_email": answer.who.address(), "answer": answer.content,
            "answer_config_id": answer.questionnaire, "ai_score_shown": answer.score_shown, "order_id": order_id,
            "arm": answer.arm, "total_duration_secs": self.answers.timing_of(answer).map(|timing| timing.seconds),
        })
    }

    /// Returns the rows of the export of timings.
    pub fn exported_timings(&self) -> Vec<Value> {
        let mut sorted: Vec<&Timing> = self.answers.timings.iter().collect();
        sorted.sort_by_key(|timing| (timing.who.address(), timing.case));
        let row = |timing: &Timing| {
            json!({"analytics_id": timing.id, "user_email": timing.who.address(), "case_config_id": timing.task,
                   "case_id": timing.case, "total_duration_secs": timing.seconds})
        };
        sorted.into_iter().map(row).collect()
    }
}
