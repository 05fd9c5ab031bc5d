//! What the clients have seen: each request with the times of its invocation and response.

use std::sync::Mutex;
use std::time::Instant;

use serde_json::Value;

use crate::history::Moment;

/// A request with its arguments. Numbers stand for what was made up: passwords, links, sessions, uploads, questionnaires, experiments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    NextCase {
        participant: u32,
    },
    Answer {
        participant: u32,
        case: u32,
        value: u8,
    },
    /// A link is stored, as mailing it does.
    Link {
        account: u32,
        link: u64,
    },
    Reset {
        account: u32,
        link: u64,
        password: u64,
    },
    Login {
        account: u32,
        password: u64,
        session: u64,
    },
    Use {
        account: u32,
        session: u64,
    },
    Logout {
        account: u32,
    },
    Upload {
        number: u64,
        replaces: bool,
    },
    ReadUpload,
    Publish {
        number: u64,
    },
    ReadQuestionnaire,
    Create {
        number: u64,
    },
    List,
    SetStatus {
        number: u64,
        status: u8,
    },
    ReadStatus {
        number: u64,
    },
    /// The entries after `floor`, which had been written before `since`.
    ReadTrail {
        since: Moment,
        floor: i64,
    },
}

/// What a client got.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Answer {
        status: u16,
        body: Value,
        request_id: Option<String>,
    },
    /// There was no response.
    None,
}

impl Reply {
    /// Returns the success of something that is no request.
    pub fn done() -> Self {
        Self::Answer { status: 200, body: Value::Null, request_id: None }
    }
}

/// A call, from its invocation to its response.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub client: usize,
    pub invoked: Moment,
    pub returned: Moment,
    pub call: Call,
    pub reply: Reply,
}

impl Event {
    /// Returns whether nobody knows if the request was carried out.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self.reply, Reply::None | Reply::Answer { status: 502..=504, .. }) || self.is_fault()
    }

    /// Returns whether the service failed. Business errors have status 500, too, and a text as code.
    pub fn is_fault(&self) -> bool {
        matches!(&self.reply, Reply::Answer { body, .. } if body["error"]["code"] == 500)
    }

    /// Returns the status; 0 without a response.
    pub fn status(&self) -> u16 {
        if let Reply::Answer { status, .. } = self.reply { status } else { 0 }
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status())
    }

    /// Returns the body of a success.
    pub fn success(&self) -> Option<&Value> {
        let Reply::Answer { body, .. } = &self.reply else { return None };
        self.is_success().then_some(body)
    }

    /// Returns the code of an error.
    pub fn code(&self) -> Option<&str> {
        let Reply::Answer { body, .. } = &self.reply else { return None };
        body["error"]["code"].as_str()
    }

    pub fn request_id(&self) -> Option<&str> {
        let Reply::Answer { request_id, .. } = &self.reply else { return None };
        request_id.as_deref()
    }
}

/// Collects what all clients see.
#[derive(Debug)]
pub struct Journal {
    start: Instant,
    events: Mutex<Vec<Event>>,
    /// When a clock began to be wrong, and when it was right again.
    wrong_clocks: Mutex<Vec<(Moment, Moment)>>,
}

/// What was seen until now.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    pub events: Vec<Event>,
    pub wrong_clocks: Vec<(Moment, Moment)>,
}

impl Journal {
    pub fn new() -> Self {
        Self { start: Instant::now(), events: Mutex::default(), wrong_clocks: Mutex::default() }
    }

    pub fn now(&self) -> Moment {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(Moment::MAX)
    }

    pub fn record(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }

    pub fn record_wrong_clock(&self, from: Moment, until: Moment) {
        self.wrong_clocks.lock().unwrap().push((from, until));
    }

    pub fn evidence(&self) -> Evidence {
        Evidence {
            events: self.events.lock().unwrap().clone(),
            wrong_clocks: self.wrong_clocks.lock().unwrap().clone(),
        }
    }
}
