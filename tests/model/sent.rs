//! An HTTP request, which can be sent or printed as a command. `${name}` in a path or a body stands for a value from an earlier response.

use std::fmt::Write as _;

use axum::body::Bytes;
use http::{Method, header};
use serde_json::Value;
use tests::app::API_KEY;

use crate::expected::Values;

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: Method,
    pub path: String,
    pub credentials: Credentials,
    pub idempotency_key: Option<u8>,
    pub body: Body,
}

/// The credentials in a request.
#[derive(Clone, Debug)]
pub enum Credentials {
    None,
    /// The name of the token.
    Token(String),
    Key,
    WrongKey,
    NoToken,
}

#[derive(Clone, Debug)]
pub enum Body {
    None,
    Json(String),
    /// A form with a file; without a name the file is missing.
    Form {
        file_name: Option<&'static str>,
        csv: String,
    },
}

const BOUNDARY: &str = "model";

impl Sent {
    pub fn get(path: impl Into<String>, credentials: Credentials) -> Self {
        Self { method: Method::GET, path: path.into(), credentials, idempotency_key: None, body: Body::None }
    }

    pub fn post(path: impl Into<String>, credentials: Credentials, json: &Value) -> Self {
        Self { method: Method::POST, body: Body::Json(json.to_string()), ..Self::get(path, credentials) }
    }

    pub fn with_key(self, idempotency_key: Option<u8>) -> Self {
        Self { idempotency_key, ..self }
    }

    /// Returns the request with the current values.
    pub fn build(&self, values: &Values) -> http::Request<Bytes> {
        let mut request = http::Request::builder().method(&self.method).uri(values.fill(&self.path));
        request = request.header(header::HOST, "localhost");
        request = match &self.credentials {
            Credentials::None => request,
            Credentials::Token(name) => {
                request.header(header::AUTHORIZATION, bearer(&values.fill(&format!("${{{name}}}"))))
            }
            Credentials::NoToken => request.header(header::AUTHORIZATION, bearer("none")),
            Credentials::Key => request.header("x-api-key", API_KEY),
            Credentials::WrongKey => request.header("x-api-key", "wrong"),
        };
        if let Some(key) = self.idempotency_key {
            request = request.header("idempotency-key", format!("key-{key}"));
        }
        let (content_type, body) = match &self.body {
            Body::None => (None, String::new()),
            Body::Json(json) => (Some("application/json".to_owned()), values.fill(json)),
            Body::Form { file_name, csv } => {
                (Some(format!("multipart/form-data; boundary={BOUNDARY}")), form(*file_name, csv))
            }
        };
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        request = request.header(header::CONTENT_LENGTH, body.len());
        request.body(body.into()).expect("paths and headers of the model are valid")
    }

    /// Returns the command that sends the request.
    pub fn curl(&self) -> String {
        let mut command = format!("curl -s \"$API{}\"", self.path);
        if self.method != Method::GET && self.method != Method::POST {
            write!(command, " -X {}", self.method).expect("writing to a String cannot fail");
        }
        let credentials = match &self.credentials {
            Credentials::None => String::new(),
            Credentials::Token(name) => format!(" -H \"Authorization: Bearer ${name}\""),
            Credentials::NoToken => " -H 'Authorization: Bearer none'".to_owned(),
            Credentials::Key => " -H \"X-API-Key: $KEY\"".to_owned(),
            Credentials::WrongKey => " -H 'X-API-Key: wrong'".to_owned(),
        };
        command.push_str(&credentials);
        if let Some(key) = self.idempotency_key {
            write!(command, " -H 'Idempotency-Key: key-{key}'").expect("writing to a String cannot fail");
        }
        match &self.body {
            Body::None => {}
            Body::Json(json) => {
                let quoted = unquoted_names(json);
                write!(command, " -H 'Content-Type: application/json' -d '{quoted}'")
                    .expect("writing to a String cannot fail");
            }
            Body::Form { file_name: None, .. } => command.push_str(" -F other=1"),
            Body::Form { file_name: Some(name), csv } => {
                write!(command, " -F 'file=@-;filename={name}' <<'END'\n{}\nEND", csv.trim_end())
                    .expect("writing to a String cannot fail");
            }
        }
        command
    }
}

/// Closes the single quotes around each name, because a shell does not expand variables within them.
fn unquoted_names(json: &str) -> String {
    let mut parts = json.split("${");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        format!("{text}'\"${name}\"'{rest}")
    })
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn form(file_name: Option<&str>, csv: &str) -> String {
    let disposition = match file_name {
        Some(name) => format!("name=\"file\"; filename=\"{name}\""),
        None => "name=\"other\"".to_owned(),
    };
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{csv}\r\n--{BOUNDARY}--\r\n")
}
