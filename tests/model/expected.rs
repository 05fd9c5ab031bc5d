//! Responses that the model expects, and their comparison with actual ones.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Placeholder in a body for any value except null.
pub const ANY: &str = "${any}";

/// The accepted responses; several if a request is wrong in several ways.
#[derive(Clone, Debug)]
pub struct Expected {
    pub any_of: Vec<Answer>,
    /// The token in the response's header.
    pub token: Token,
}

/// A status and a body, in which objects may have further fields. The text `${name}` stands for the value with that name; if the name has
/// no value yet, it gets the actual one.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// The expected token in a response's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Any token, or none.
    Any,
    /// No token.
    None,
    /// The token of the request.
    Presented,
    /// A new token, which gets this name.
    New(String),
}

impl Answer {
    pub fn data(status: u16, data: impl Into<Value>) -> Self {
        let data: Value = data.into();
        Self { status, body: json!({"data": data, "error": null}) }
    }

    /// Returns a business error: status 500.
    pub fn business(code: &str) -> Self {
        Self::error(500, code)
    }

    /// Returns a refusal with this status.
    pub fn refused(status: u16) -> Self {
        Self::error(status, status)
    }

    pub fn error(status: u16, code: impl Into<Value>) -> Self {
        let code: Value = code.into();
        Self { status, body: json!({"data": null, "error": {"code": code, "message": ANY}}) }
    }

    /// Returns the response to a request whose token is missing, invalid, expired, or of an unknown account.
    pub fn token_refused() -> Self {
        Self { status: 401, body: json!({"msg": ANY}) }
    }
}

impl From<Answer> for Expected {
    fn from(answer: Answer) -> Self {
        Self { any_of: vec![answer], token: Token::Any }
    }
}

/// Collects the refusals that a request may get.
#[derive(Default)]
pub struct Refusals(Vec<Answer>);

impl Refusals {
    pub fn add_if(&mut self, is_wrong: bool, answer: Answer) {
        if is_wrong {
            self.0.push(answer);
        }
    }

    pub fn add(&mut self, refusal: Option<Answer>) {
        self.0.extend(refusal);
    }

    /// Returns that any of the refusals is accepted, or `None` if there are none.
    pub fn expected(self) -> Option<Expected> {
        (!self.0.is_empty()).then_some(Expected { any_of: self.0, token: Token::Any })
    }
}

/// Values from earlier responses, by name.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns `text` with names replaced by their values. Names without a value are kept.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.replace(&format!("${{{name}}}"), &value)
        })
    }

    /// Compares a body with the expected one, and names new values. The error describes the first difference.
    pub fn compare(&mut self, expected: &Value, actual: &Value, place: &str) -> Result<(), String> {
        let differs = || Err(format!("{place}: {actual} where the model has {expected}"));
        match (expected, actual) {
            (Value::String(any), actual) if any == ANY && !actual.is_null() => Ok(()),
            (Value::String(text), _) if text != ANY && text.starts_with("${") => {
                self.compare_value(text.trim_matches(['$', '{', '}']), actual).or_else(|()| differs())
            }
            (Value::Object(fields), Value::Object(others)) => fields.iter().try_for_each(|(key, value)| {
                let place = format!("{place}.{key}");
                let other = others.get(key).ok_or_else(|| format!("{place} is missing"))?;
                self.compare(value, other, &place)
            }),
            (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
                let mut pairs = items.iter().zip(others).enumerate();
                pairs.try_for_each(|(index, (item, other))| self.compare(item, other, &format!("{place}[{index}]")))
            }
            (expected, actual) if expected == actual => Ok(()),
            // exports write 60 as 60.0
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
            _ => differs(),
        }
    }

    /// Compares a value with the one of this name. A new value must differ from all named values of the same kind.
    fn compare_value(&mut self, name: &str, actual: &Value) -> Result<(), ()> {
        if let Some(known) = self.0.get(name) {
            return if known == actual { Ok(()) } else { Err(()) };
        }
        let kind = |name: &str| name.rsplit_once('_').map(|(kind, _)| kind.to_owned());
        let is_taken = self.0.iter().any(|(other, value)| kind(other) == kind(name) && value == actual);
        if is_taken || actual.is_null() {
            return Err(());
        }
        self.set(name, actual.clone());
        Ok(())
    }
}

/// Returns the names in a body, each with its path in the syntax of jq.
pub fn names(body: &Value, place: &str) -> Vec<(String, String)> {
    match body {
        Value::String(text) if text.starts_with("${") && text != ANY => {
            vec![(text.trim_matches(['$', '{', '}']).to_owned(), place.to_owned())]
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| names(value, &format!("{place}.{key}"))).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(index, item)| names(item, &format!("{place}[{index}]"))).collect()
        }
        _ => Vec::new(),
    }
}
