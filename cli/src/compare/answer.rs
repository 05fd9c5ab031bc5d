//! A system's response, and the parts of it that are compared.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// A complete response.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Without parameters: `application/json`.
    pub media_type: String,
    /// The header `Content-Disposition`, which contains a download's file name.
    pub disposition: String,
    /// Methods of the header `Allow`, without those that frameworks add.
    pub methods: BTreeSet<String>,
    pub token: Token,
    pub body: Body,
}

/// How a response's token relates to the one that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Missing,
    /// The same token.
    Same,
    /// A newer token of the same account.
    Renewed,
    /// A token of another account, or an invalid one.
    Wrong,
}

impl Token {
    /// Returns the name for a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Same => "as sent",
            Self::Renewed => "renewed",
            Self::Wrong => "of another account, or no token",
        }
    }
}

/// A body for comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    Json(Value),
    Text(String),
}

/// A response, or why there is none.
pub type Reply = Result<Answer, Silence>;

/// Why a system did not respond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The connection failed.
    Unreachable,
    /// The response was not complete in time.
    TooSlow,
    /// The response ended early or is not HTTP.
    Broken,
}

impl Answer {
    /// Creates a response without a token and file name.
    pub fn new(status: u16, media_type: &str, body: Body) -> Self {
        let media_type = media_type.to_owned();
        let (disposition, methods) = (String::new(), BTreeSet::new());
        Self { status, media_type, disposition, methods, token: Token::Missing, body }
    }

    /// Removes what the contract does not specify: texts of errors that no page shows, and the order of accounts, which the old service
    /// returns unordered.
    #[must_use]
    pub fn comparable(mut self) -> Self {
        if let Body::Json(body) = &mut self.body {
            if body["error"]["code"].is_number() {
                body["error"]["message"] = Value::Null;
            }
            if let Some(message) = body.get_mut("msg") {
                *message = Value::Null;
            }
            if let Some(accounts) = body.pointer_mut("/data/users").and_then(Value::as_array_mut) {
                accounts.sort_by_key(|account| account["id"].as_i64());
            }
        }
        self
    }

    /// Removes the row id from the response to a write.
    pub fn forget_number(&mut self) {
        if let Body::Json(body) = &mut self.body
            && let Some(number) = body.pointer_mut("/data/id").filter(|id| id.is_number())
        {
            *number = Value::from(0);
        }
    }

    /// Returns the body, if it is JSON.
    pub fn json(&self) -> Option<&Value> {
        match &self.body {
            Body::Json(body) => Some(body),
            Body::Text(_) => None,
        }
    }

    /// Returns the code of an error, as text.
    pub fn error_code(&self) -> Option<String> {
        match &self.json()?["error"]["code"] {
            Value::Null => None,
            Value::String(code) => Some(code.clone()),
            code => Some(code.to_string()),
        }
    }

    /// Returns whether this is the error with this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.error_code().as_deref() == Some(code)
    }

    /// Returns whether `data` is an empty list.
    pub fn is_empty_list(&self) -> bool {
        self.json().is_some_and(|body| body["data"].as_array().is_some_and(Vec::is_empty))
    }

    /// Returns whether a token was refused: a 401 in the form of flask-jwt-extended (contract section 2).
    pub fn is_refused_token(&self) -> bool {
        self.status == 401 && self.json().is_some_and(|body| body.get("msg").is_some())
    }

    /// Returns whether the system failed: a 5xx without a business error.
    pub fn is_fault(&self) -> bool {
        self.status >= 500 && !self.json().is_some_and(|body| body["error"]["code"].is_string())
    }

    /// Returns whether the status is 401 or 403.
    pub fn is_denied(&self) -> bool {
        matches!(self.status, 401 | 403)
    }

    /// Returns whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: Value) -> Answer {
        Answer::new(404, "application/json", Body::Json(body))
    }

    #[test]
    fn the_text_of_an_error_with_a_numeric_code_is_ignored() {
        let [old, new] = ["Not Found", "no such path"]
            .map(|message| answer(json!({"data": null, "error": {"code": 404, "message": message}})).comparable());

        assert_eq!(old, new);
    }

    #[test]
    fn the_text_of_a_business_error_is_compared() {
        let [old, new] = ["No access.", "Not found."]
            .map(|message| answer(json!({"data": null, "error": {"code": "1010", "message": message}})).comparable());

        assert_ne!(old, new);
    }

    #[test]
    fn the_order_of_accounts_is_ignored() {
        let [old, new] = [json!([{"id": 2}, {"id": 1}]), json!([{"id": 1}, {"id": 2}])]
            .map(|users| answer(json!({"data": {"users": users}})).comparable());

        assert_eq!(old, new);
    }
}
