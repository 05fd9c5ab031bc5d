//! What the model expects of an answer, and whether an answer is so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Stands for any value in a body but null.
pub const ANY: &str = "${any}";

/// One of these answers; several where a request is wrong in several ways.
#[derive(Clone, Debug)]
pub struct Expected {
    pub any_of: Vec<Answer>,
    /// The token in the answer's header.
    pub token: Token,
}

/// A status and a body, in which objects may have other fields, too. A text `${name}` is a value that is known by that name, or gets it now.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// The token in the header of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Nothing is said about it.
    Any,
    /// There is none.
    None,
    /// That of the request.
    Presented,
    /// A new one, which gets this name.
    New(String),
}

impl Answer {
    pub fn data(status: u16, data: impl Into<Value>) -> Self {
        let data: Value = data.into();
        Self { status, body: json!({"data": data, "error": null}) }
    }

    /// A business error: status 500.
    pub fn business(code: &str) -> Self {
        Self::error(500, code)
    }

    /// Refused with this status.
    pub fn refused(status: u16) -> Self {
        Self::error(status, status)
    }

    pub fn error(status: u16, code: impl Into<Value>) -> Self {
        let code: Value = code.into();
        Self { status, body: json!({"data": null, "error": {"code": code, "message": ANY}}) }
    }

    /// The token is missing, wrong, expired or of nobody.
    pub fn token_refused() -> Self {
        Self { status: 401, body: json!({"msg": ANY}) }
    }
}

impl From<Answer> for Expected {
    fn from(answer: Answer) -> Self {
        Self { any_of: vec![answer], token: Token::Any }
    }
}

/// The reasons to refuse a request.
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

    /// Any of them, if there are some.
    pub fn expected(self) -> Option<Expected> {
        (!self.0.is_empty()).then_some(Expected { any_of: self.0, token: Token::Any })
    }
}

/// Values that answers had, by name.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns `text` with values instead of names. A name that has none stays.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.replace(&format!("${{{name}}}"), &value)
        })
    }

    /// Compares a body with an expected one, and names what is new in it. The error says what differs, and where.
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
            // 60.0 in an export is 60
            (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => Ok(()),
            _ => differs(),
        }
    }

    /// A value that has no name yet differs from all that have one of the same kind.
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

/// Returns the names that stand in a body, each with its place in the notation of jq.
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
