//! The outcome of a step, in the format of the recordings.

use std::collections::BTreeMap;

use axum::body::Bytes;
use http::{HeaderMap, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scenario::{HttpStep, present};
use super::shape;
use super::token::{self, IssuedToken};

const KEPT_HEADERS: [&str; 6] = ["content-type", "content-disposition", "location", "allow", "vary", "authorization"];
const KEPT_PREFIX: &str = "access-control-";

/// A recorded or an actual outcome.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Outcome {
    /// Rows of a statement, printed as by `psql -A -t -F ' | '`.
    Rows {
        /// One line per row.
        rows: Vec<String>,
    },
    /// Response to a request.
    Answer(Box<Answer>),
    /// No HTTP response, with the reason.
    #[serde(skip)]
    NoAnswer(String),
}

/// An HTTP response, without the parts that do not depend on the service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers that clients can rely on, with names in lower case.
    pub headers: BTreeMap<String, String>,
    /// A token other than the one sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<IssuedToken>,
    /// The body, if it is JSON with the matching media type.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Any other body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Parts of the request that a description leaves out of the response.
#[derive(Clone, Copy, Debug)]
pub struct Sent<'a> {
    /// The `Authorization` header.
    pub authorization: &'a str,
    /// `http://host:port`.
    pub own_address: &'a str,
}

impl Answer {
    /// Describes a response as in a recording, before normalisation.
    pub fn describe(response: &Response<Bytes>, sent: Sent<'_>) -> Self {
        let mut headers = joined(response.headers());
        headers.retain(|name, _| KEPT_HEADERS.contains(&name.as_str()) || name.starts_with(KEPT_PREFIX));
        let token = headers.get_mut("authorization").and_then(|header| take_token(header, sent.authorization));
        if let Some(location) = headers.get_mut("location") {
            *location = location.strip_prefix(sent.own_address).unwrap_or(location).to_owned();
        }
        for name in ["allow", "access-control-allow-methods"] {
            headers.entry(name.to_owned()).and_modify(|methods| *methods = sorted(methods));
        }

        let text = body_text(response.body(), sent.own_address);
        let says_json = headers.get("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let json = says_json.then(|| serde_json::from_str(&text).ok()).flatten();
        let text = json.is_none().then_some(text);
        Self { status: response.status().as_u16(), headers, token, json, text }
    }

    /// Treats the body as text, whatever its type.
    #[must_use]
    pub fn as_text(self, response: &Response<Bytes>, own_address: &str) -> Self {
        Self { json: None, text: Some(body_text(response.body(), own_address)), ..self }
    }

    /// Replaces the values at the pointers with their shapes. Pointers start at the answer: `/json/data/id`, `/headers/location`.
    #[must_use]
    pub fn normalised(self, pointers: &[String]) -> Self {
        if pointers.is_empty() {
            return self;
        }
        let mut value = serde_json::to_value(&self).expect("an answer is JSON");
        pointers.iter().for_each(|pointer| shape::replace(&mut value, pointer));
        serde_json::from_value(value).unwrap_or(self)
    }

    /// Returns the `error` of the envelope.
    pub fn error(&self) -> Option<&Map<String, Value>> {
        self.json.as_ref()?.get("error")?.as_object()
    }

    /// Returns whether this is an error with a string as code.
    pub fn is_business_error(&self) -> bool {
        self.error().and_then(|error| error.get("code")).is_some_and(Value::is_string)
    }

    /// Returns whether this is a JSON client error or a business error.
    pub fn is_refusal(&self) -> bool {
        let is_client_error = matches!(self.status, 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 422);
        let has_error = self.error().is_some() || self.is_about_the_token();
        self.is_business_error() || (is_client_error && has_error)
    }

    /// Returns whether this is `{"msg": …}`, an error about the token itself.
    pub fn is_about_the_token(&self) -> bool {
        self.json.as_ref().is_some_and(|body| body.get("msg").is_some())
    }

    /// Returns a header's value, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Returns the body for a message.
    pub fn body(&self) -> String {
        let text = self.text.clone().filter(|text| !text.is_empty());
        text.unwrap_or_else(|| self.json.clone().unwrap_or_default().to_string())
    }
}

/// Returns the variables that a step saves from its response.
pub fn saved(step: &HttpStep, response: &Response<Bytes>, answer: &Answer) -> Vec<(String, String)> {
    let headers = joined(response.headers());
    let value = |source: &String| match source.strip_prefix("header:") {
        Some(name) => headers.get(name).cloned().unwrap_or_default(),
        None => match answer.json.as_ref().and_then(|body| body.pointer(source)) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        },
    };
    step.save.iter().map(|(name, source)| (name.clone(), value(source))).collect()
}

/// Joins headers of one name with commas; values are read as Latin-1.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::new();
    for name in headers.keys() {
        let values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().iter().copied().map(char::from).collect())
            .collect();
        joined.insert(name.to_string(), values.join(", "));
    }
    joined
}

/// Describes a token other than the one sent, and removes the token itself from the header.
fn take_token(header: &mut String, sent: &str) -> Option<IssuedToken> {
    let (scheme, token) = header.rsplit_once(' ').unwrap_or(("", header));
    let is_the_one_sent = sent.trim().rsplit(' ').next() == Some(token);
    let issued = (!is_the_one_sent).then(|| token::describe(token));
    *header = format!("{scheme} <{}>", if is_the_one_sent { "the token sent" } else { "another token" });
    issued
}

/// Sorts a list of methods, whose order has no meaning.
fn sorted(methods: &str) -> String {
    let mut methods: Vec<&str> = methods.split(',').map(str::trim_start).collect();
    methods.sort_unstable();
    methods.join(", ")
}

/// Decodes UTF-8, with other bytes as `\xff`, and removes the server's own address.
fn body_text(body: &[u8], own_address: &str) -> String {
    let escape = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<Vec<_>>().concat();
    let text: String = body.utf8_chunks().map(|chunk| chunk.valid().to_owned() + &escape(chunk.invalid())).collect();
    text.replace(own_address, "")
}

#[cfg(test)]
mod tests;
