//! Requests for pages of exports.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{ANY, Answer, Expected, Refusals};
use crate::model::Model;
use crate::people::Caller;
use crate::sent::Sent;

/// The requested page.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    limit: Option<usize>,
    start: Start,
    /// The answers of the seed are older than [`SINCE`].
    since: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
enum Start {
    Offset(usize),
    /// The first page of a cursor-based walk.
    Cursor,
}

const SINCE: &str = "2025-01-01";
const NO_TIME: &str = "yesterday";

impl Page {
    pub fn any() -> impl Strategy<Value = Self> {
        let limit = prop_oneof![4 => Just(None), 3 => (1..4_usize).prop_map(Some), 1 => Just(Some(0))];
        let start = prop_oneof![4 => Just(Start::Offset(0)), 2 => (1..4_usize).prop_map(Start::Offset), 1 => Just(Start::Cursor)];
        let since = prop_oneof![5 => Just(None), 1 => select(&[Some(SINCE), Some(NO_TIME)][..])];
        (limit, start, since).prop_map(|(limit, start, since)| Self { limit, start, since })
    }

    fn query(self) -> String {
        let limit = self.limit.map(|limit| format!("limit={limit}&")).unwrap_or_default();
        let since = self.since.map(|since| format!("since={since}&")).unwrap_or_default();
        match self.start {
            Start::Offset(offset) => format!("{limit}{since}offset={offset}"),
            Start::Cursor => format!("{limit}{since}cursor="),
        }
    }

    /// Returns whether the page excludes rows of the seed.
    pub fn leaves_out_old(self) -> bool {
        self.since == Some(SINCE)
    }

    fn is_refused(self, has_since: bool) -> bool {
        self.limit == Some(0) || has_since && self.since == Some(NO_TIME)
    }

    /// Returns the document with this page of `rows`.
    fn of(self, rows: &[Value]) -> Value {
        let limit = self.limit.unwrap_or(1000);
        let offset = if let Start::Offset(offset) = self.start { offset } else { 0 };
        let page: Vec<_> = rows.iter().skip(offset).take(limit).collect();
        let has_more = offset + page.len() < rows.len() && !page.is_empty();
        let mut pagination = json!({"total": rows.len(), "limit": limit, "has_more": has_more});
        match self.start {
            Start::Offset(offset) => pagination["offset"] = json!(offset),
            Start::Cursor => pagination["next_cursor"] = if has_more { json!(ANY) } else { Value::Null },
        }
        json!({"data": page, "pagination": pagination})
    }
}

/// The exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    Answers,
    Timings,
    Assignments,
    Participants,
}

#[derive(Clone, Debug)]
pub struct Request {
    caller: Caller,
    what: Export,
    page: Page,
}

pub fn any_request() -> impl Strategy<Value = Request> {
    let what =
        select(&[Export::Answers, Export::Answers, Export::Timings, Export::Assignments, Export::Participants][..]);
    (Caller::researcher(), what, Page::any()).prop_map(|(caller, what, page)| Request { caller, what, page })
}

impl Model {
    pub fn export_request(&mut self, request: &Request) -> (Sent, Expected) {
        let Request { caller, what, page } = *request;
        let (path, has_since) = match what {
            Export::Answers => ("answers?include=assignment&", true),
            Export::Timings => ("analytics?", true),
            Export::Assignments => ("display-configs?", false),
            Export::Participants => ("participants?", false),
        };
        let sent = Sent::get(format!("/api/v1/export/{path}{}", page.query()), self.accounts.credentials(caller));
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(page.is_refused(has_since), Answer::refused(400));
        let expected = refusals.expected().unwrap_or_else(|| {
            let body = page.of(&match what {
                Export::Answers => self.exported_answers(page),
                Export::Timings => self.exported_timings(),
                Export::Assignments => self.exported_assignments(),
                Export::Participants => self.exported_participants(),
            });
            if body["data"].as_array().is_some_and(|rows| !rows.is_empty()) {
                self.record("data.export", Some(caller));
            }
            Answer { status: 200, body }.into()
        });
        (sent, expected)
    }
}
