//! Checks for what must never be logged (docs/architecture.md, "What is never logged"), and what errors must not reveal.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Once};

use local::lambda::Log;
use regex_lite::Regex;
use serde_json::Value;

use crate::keys::{API_KEY, JWT_SECRET_KEY};

const ACCOUNTS: &str = include_str!("../fixtures/contract/accounts.json");
const CONTRACT_DATA: &str = include_str!("../fixtures/contract/fixture.sql");
/// Participants' answer in tests: the recorded answers, "a" and "Ja", occur in many lines.
pub const ANSWER: &str = "what this participant thinks";
/// Shorter texts occur in normal log lines.
const MIN_CHARACTERS: usize = 6;

/// Tokens; the passwords, keys and reset tokens that tests invent; and database addresses with a password.
static FORMS: LazyLock<Regex> = LazyLock::new(|| {
    let passwords = r"\w+-pass-|Demo-[a-z]+-\d|hunter2|://[^/\s@:]+:[^/\s@]+@|";
    let keys = r"\b(first|second|third)-(admin-|export-)?key|admin-key-of-this|a key of tests|";
    let tokens = r"eyJ[\w-]{10}|\w+-reset-token|reset-password/[\w-]{20}";
    Regex::new(&[passwords, keys, tokens].concat()).expect("a constant pattern")
});

/// Mail addresses.
static ADDRESSES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[\w.+-]+@[\w-]+\.[\w.-]*[a-z]").expect("a constant pattern"));

/// Keys, passwords, clinical values and answers of the fixtures.
static TEXTS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let accounts: Value = serde_json::from_str(ACCOUNTS).expect("accounts are JSON");
    let mut texts = BTreeSet::from([JWT_SECRET_KEY.to_owned(), API_KEY.to_owned()]);
    collect(&accounts, &mut texts);
    texts.extend(clinical_values());
    texts.insert(ANSWER.to_owned());
    texts.retain(|text| text.chars().count() >= MIN_CHARACTERS);
    texts
});

/// Returns the texts between quotes of the observations.
fn clinical_values() -> Vec<String> {
    let from = CONTRACT_DATA.find("INSERT INTO observation").expect("observations");
    let observations = &CONTRACT_DATA[from..];
    let observations = &observations[..observations.find(") AS v").expect("the end of the observations")];
    let lines = observations.lines().filter(|line| line.trim_start().starts_with('('));
    lines.filter_map(|line| line.split('\'').nth(1)).map(str::to_owned).collect()
}

fn collect(value: &Value, texts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => _ = texts.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        _ => {}
    }
}

/// Returns the secret in a line, if any.
pub fn secret_in(line: &str) -> Option<&str> {
    secret_beside_addresses_in(line).or_else(|| ADDRESSES.find(line).map(|address| address.as_str()))
}

/// Returns the secret in a text for a reader who may see addresses.
pub fn secret_beside_addresses_in(text: &str) -> Option<&str> {
    let texts = TEXTS.iter().filter(|secret| !ADDRESSES.is_match(secret));
    let mut found = texts.filter_map(|secret| text.find(secret.as_str()).map(|start| &text[start..][..secret.len()]));
    found.next().or_else(|| FORMS.find(text).map(|form| form.as_str()))
}

/// Returns SQL, paths or versions that a response reveals.
pub fn internals_in(body: &str) -> Option<&str> {
    static INTERNALS: LazyLock<Regex> = LazyLock::new(|| {
        let words = r#"SELECT |INSERT INTO|UPDATE "?\w+"? SET|DELETE FROM|SQLSTATE|[Pp]ostgre|sqlx|relation "|column "|violates|panick|"#;
        let paths = r"\.rs\b|/(home|root|usr|work|tmp|var|src)/|";
        let versions = r"\b(axum|hyper|tokio|serde|tower|rustc|augmed)[ /-]v?\d|\b\d+\.\d+\.\d+\b";
        Regex::new(&[words, paths, versions].concat()).expect("a constant pattern")
    });
    INTERNALS.find(body).map(|found| found.as_str())
}

/// Number of checked lines.
static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Returns the number of checked log lines.
pub fn lines_seen() -> usize {
    SEEN.load(Ordering::Relaxed)
}

/// Checks a log line. A secret aborts the run, because the test that caused it may be over.
pub fn look_at(line: &str) {
    SEEN.fetch_add(1, Ordering::Relaxed);
    if let Some(secret) = secret_in(line) {
        // the output of `eprintln` in a test would be lost with it
        _ = writeln!(io::stderr(), "\n{secret:?} must never be logged, and was: {line}");
        process::exit(101);
    }
}

/// Panics if an error reveals implementation details.
pub fn look_at_answer(status: u16, body: &[u8]) {
    if status >= 400 {
        let body = String::from_utf8_lossy(body);
        assert_eq!(internals_in(&body), None, "an error reveals implementation details: {body}");
    }
}

/// Checks everything that this process logs from now on, in the deployed programs' format, at level debug.
pub fn watch() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let subscriber = shared::telemetry::subscriber("debug", || Watch);
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber is set");
    });
}

/// Returns a log for function binaries that checks their lines and prints errors.
pub fn watched_log() -> Log {
    let pass_on = local::lambda::log_to_stderr();
    std::sync::Arc::new(move |function, line| {
        look_at(line);
        if ![r#""level":"INFO""#, r#""level":"DEBUG""#].iter().any(|level| line.contains(level)) {
            pass_on(function, line);
        }
    })
}

struct Watch;

impl Write for Watch {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        look_at(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_secret_is_found() {
        for (kind, line) in [
            ("address", r#"{"message":"login of alice@contract.test"}"#),
            ("token", r#"{"authorization":"Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}"#),
            ("password", r#"{"message":"Alice-pass-1 is wrong"}"#),
            ("password of the demo study", r#"{"message":"Demo-ines-1 is wrong"}"#),
            ("reset token", r#"{"token":"valid-reset-token"}"#),
            ("key", r#"{"x-api-key":"contract-export-key"}"#),
            ("signing key", r#"{"key":"contract-test-secret-key-0123456789abcdef"}"#),
            ("clinical value", r#"{"value":"Hypertension: Yes"}"#),
            ("answer", r#"{"answer":"what this participant thinks"}"#),
            ("database", r#"{"error":"postgresql://augmed:x@db/augmed"}"#),
            ("password of a database", "hunter2"),
            ("key that rotates", r#"{"value":"second-admin-key"}"#),
            ("signing key that rotates", r#"{"value":"third-key-0123456789abcdef0123456789abcdef"}"#),
        ] {
            assert!(secret_in(line).is_some(), "{kind}");
        }
    }

    #[test]
    fn an_ordinary_line_has_no_secret() {
        let line = r#"{"timestamp":"2026-11-23T12:00:00Z","level":"INFO","message":"answered","status":200,"milliseconds":36.6,
            "span":{"account":2,"method":"GET","request_id":"2f9c","route":"/api/case-reviews/{case_config_id}","name":"request"}}"#;

        assert_eq!(secret_in(line), None);
    }

    #[test]
    fn implementation_details_in_errors_are_found() {
        for body in [
            "syntax error near SELECT id",
            "duplicate key violates unique constraint",
            "at /work/main/shared/src/db.rs:7",
            "hyper/1.6.0",
            "PostgreSQL said no",
        ] {
            assert!(internals_in(body).is_some(), "{body}");
        }
        assert_eq!(internals_in(r#"{"error":{"code":400,"message":"limit: at least 1"}}"#), None);
    }
}
