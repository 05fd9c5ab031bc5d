//! A request that is sent to both systems.

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub struct Question {
    /// Route as in the contract: `GET /api/cases`.
    pub route: &'static str,
    /// Ids of its subject, never an address.
    pub about: String,
    pub method: &'static str,
    /// Path with query.
    pub path: String,
    pub caller: Caller,
    pub accepts: Accepts,
    /// Body of a request that writes.
    pub content: Option<Content>,
    /// Whether it concerns an assignment whose case does not exist, or a participant with one.
    pub lacks_case: bool,
    /// Whether it concerns an assignment with paths of more than three segments: nested categories, or a full stop in a value.
    pub has_deep_paths: bool,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Content {
    Json(Value),
    /// A form with this CSV file.
    Csv(String),
}

/// Who sends a request. Addresses identify accounts.
#[derive(Clone, Debug)]
pub enum Caller {
    Nobody,
    Participant(String),
    /// With a token past half of its lifetime.
    Ageing(String),
    /// With a token of a missing or inactive account.
    Inactive(String),
    /// With an expired token.
    Expired(String),
    /// With a token that has a wrong signature.
    Forged(String),
    /// With text that is not a token.
    Garbage,
    /// With a token that a system issued at login.
    Holder(SecretString),
    /// Allowed to export and edit experiments.
    Service,
    /// Allowed to list accounts.
    Administrator,
}

/// Requested format of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    Json,
    Csv,
}

impl Accepts {
    /// Returns the value for the header `Accept`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json, text/plain, */*",
            Self::Csv => "text/csv",
        }
    }
}

impl Question {
    /// Creates a `GET` of JSON.
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

    /// Changes the method.
    #[must_use]
    pub fn with_method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Makes it a `POST` of `content` to the same path.
    #[must_use]
    pub fn posting(self, content: Content) -> Self {
        Self { method: "POST", content: Some(content), ..self }
    }

    /// Marks it as lacking a case.
    #[must_use]
    pub fn lacking_case(self, lacks_case: bool) -> Self {
        Self { lacks_case, ..self }
    }

    /// Requests CSV.
    #[must_use]
    pub fn for_csv(self) -> Self {
        Self { accepts: Accepts::Csv, ..self }
    }

    /// Returns a unique key without addresses and tokens.
    pub fn key(&self) -> String {
        format!("{} | {}", self.route, self.about)
    }
}
