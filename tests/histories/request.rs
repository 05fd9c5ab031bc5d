//! Builds the requests of the calls.

use std::fmt::Write as _;

use axum::body::Bytes;
use http::{HeaderValue, Method, Request, header};
use serde_json::{Value, json};
use tests::app::API_KEY;
use tests::form;
use tests::secrets::ANSWER;

use crate::evidence::Call;
use crate::plan::PARTICIPANTS;
use crate::study::{self, QUESTIONNAIRE};

/// Number of rows that identify their upload. They come first in the export.
pub const MARKERS: usize = 20;
pub const STATUSES: [&str; 4] = ["active", "paused", "completed", "archived"];

/// Tokens and ids that are known only during the run.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The token of a participant or a session.
    pub token: String,
    /// The id of an assignment or an experiment.
    pub id: String,
    /// Number of assignments of each participant.
    pub assignments: u32,
}

enum Credentials<'a> {
    None,
    Token(&'a str),
    Key,
}

pub fn password(account: u32, number: u64) -> String {
    format!("Holder{account}-pass-{number}")
}

/// Returns the request of a call, or `None` if the call is not a request.
pub fn build(call: &Call, names: &Names) -> Option<Request<Bytes>> {
    use Credentials::{Key, None as Nobody, Token};
    let token = Token(&names.token);
    let id = &names.id;
    Some(match *call {
        Call::NextCase { .. } | Call::Use { .. } => get("/api/cases", &token),
        Call::Answer { value, .. } => {
            let answer = json!({"Why?": format!("{ANSWER} {value}")});
            let body = json!({"answer": answer, "answerConfigId": QUESTIONNAIRE});
            json_request(Method::POST, &format!("/api/answer/{id}"), &token, &body)
        }
        Call::Reset { account, link, password: number } => {
            let body = json!({"resetToken": study::link_token(account, link), "password": password(account, number)});
            json_request(Method::POST, "/api/auth/reset-password", &Nobody, &body)
        }
        Call::Login { account, password: number, .. } => {
            let body = json!({"email": study::holder(account), "password": password(account, number)});
            json_request(Method::POST, "/api/auth/login", &Nobody, &body)
        }
        Call::Upload { number, replaces } => upload(number, replaces.then_some(names.assignments)),
        Call::ReadUpload => get(&format!("/api/v1/export/display-configs?limit={MARKERS}"), &Key),
        Call::Publish { number } => {
            let questions = json!([{"type": "Text", "title": format!("Question {number}")}]);
            json_request(Method::POST, "/admin/config/answer", &Key, &questions)
        }
        Call::ReadQuestionnaire => get("/api/config/answer", &Nobody),
        Call::Create { number } => {
            let body = json!({"name": format!("Experiment {number}"), "arms": ["control"]});
            let mut request = json_request(Method::POST, "/api/v1/experiments", &Key, &body);
            let key = HeaderValue::try_from(format!("\"key-{number}\"")).expect("a valid header");
            request.headers_mut().insert("idempotency-key", key);
            request
        }
        Call::List => get("/api/v1/experiments?limit=200", &Key),
        Call::SetStatus { status, .. } => {
            let body = json!({"status": STATUSES[usize::from(status)]});
            json_request(Method::PATCH, &format!("/api/v1/experiments/{id}/status"), &Key, &body)
        }
        Call::ReadStatus { .. } => get(&format!("/api/v1/experiments/{id}"), &Key),
        Call::ReadTrail { .. } => get(&format!("/admin/audit?limit=1000{id}"), &Key),
        Call::Link { .. } | Call::Logout { .. } => return None,
    })
}

fn request(method: Method, path: &str, credentials: &Credentials<'_>) -> http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    match credentials {
        Credentials::None => request,
        Credentials::Token(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        Credentials::Key => request.header("x-api-key", API_KEY),
    }
}

fn get(path: &str, credentials: &Credentials<'_>) -> Request<Bytes> {
    request(Method::GET, path, credentials).body(Bytes::new()).expect("a valid request")
}

fn json_request(method: Method, path: &str, credentials: &Credentials<'_>, body: &Value) -> Request<Bytes> {
    let request = request(method, path, credentials).header(header::CONTENT_TYPE, "application/json");
    request.body(body.to_string().into()).expect("a valid request")
}

/// Returns an upload, whose number is in the path of each marker. With `assignments`, it also contains those of the participants.
fn upload(number: u64, assignments: Option<u32>) -> Request<Bytes> {
    let mut file = "User,Case No.,Path,Collapse,Highlight,Top\n".to_owned();
    let mut line = |user: &str, case: u32, path: &str| {
        writeln!(file, "{user},{case},{path},,,").expect("writing to a String cannot fail");
    };
    for marker in 1..=MARKERS {
        line(&format!("a{marker:02}@study.test"), 1, &format!("BACKGROUND.Upload.{number}"));
    }
    for participant in 1..=PARTICIPANTS {
        for case in 1..=assignments.unwrap_or_default() {
            line(&study::participant(participant), case, "BACKGROUND.Family History");
        }
    }
    let path = if assignments.is_some() { "/admin/config/upload" } else { "/api/admin/config/upload" };
    form(path, &file)
}

/// Returns the request for an upload of this file.
pub fn form(path: &str, file: &str) -> Request<Bytes> {
    let request = request(Method::POST, path, &Credentials::Key);
    let request = request.header(header::CONTENT_TYPE, form::CONTENT_TYPE);
    request.body(form::with_file(file).into()).expect("a valid request")
}
