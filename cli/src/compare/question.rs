//! One request that both systems get.

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;

/// A request that changes nothing.
#[derive(Clone, Debug)]
pub struct Question {
    /// The route as the contract writes it: `GET /api/cases`.
    pub route: &'static str,
    /// Who or what it is about: ids, never an address.
    pub about: String,
    pub method: &'static str,
    /// With its query.
    pub path: String,
    pub caller: Caller,
    pub accepts: Accepts,
    /// What a request that writes sends.
    pub content: Option<Content>,
    /// Whether it is about an assignment whose case is not there, or a participant who has one.
    pub lacks_case: bool,
    /// Whether it is about an assignment with paths of more than three segments: of nested categories, or with a full stop in a value.
    pub has_deep_paths: bool,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Content {
    Json(Value),
    /// A form with this file.
    Csv(String),
}

/// With what the request comes. The address is that of an account.
#[derive(Clone, Debug)]
pub enum Caller {
    Nobody,
    Participant(String),
    /// A token past half of its life.
    Ageing(String),
    /// A token of an account that is not there, or not active.
    Inactive(String),
    /// A token that has run out.
    Expired(String),
    /// A token whose signature is wrong.
    Forged(String),
    /// Text that is no token.
    Garbage,
    /// A token that a system gave at a login.
    Holder(SecretString),
    /// Who may export and edit experiments.
    Service,
    /// Who may list accounts.
    Administrator,
}

/// What the answer should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    Json,
    Csv,
}

impl Accepts {
    /// For the header `Accept`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json, text/plain, */*",
            Self::Csv => "text/csv",
        }
    }
}

impl Question {
    /// A `GET` of JSON.
    pub fn get(route: &'static str, about: impl fmt::Display, path: impl Into<String>, caller: Caller) -> Self {
        let about = about.to_string();
        Self {
            route,
            about,
            method: "GET",
            path: path.into(),
            caller,
            accepts: Accepts::Json,
            content: None,
            lacks_case: false,
            has_deep_paths: false,
        }
    }

    /// The same with another method.
    #[must_use]
    pub fn with_method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// A `POST` of `content` to the same path.
    #[must_use]
    pub fn posting(self, content: Content) -> Self {
        Self { method: "POST", content: Some(content), ..self }
    }

    /// The same about what lacks a case.
    #[must_use]
    pub fn lacking_case(self, lacks_case: bool) -> Self {
        Self { lacks_case, ..self }
    }

    /// The same for CSV.
    #[must_use]
    pub fn for_csv(self) -> Self {
        Self { accepts: Accepts::Csv, ..self }
    }

    /// What tells it from all others; it has no address and no token in it.
    pub fn key(&self) -> String {
        format!("{} | {}", self.route, self.about)
    }
}
