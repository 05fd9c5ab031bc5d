//! Invalid configurations, with which the server does not start.

use std::process::{Command, Output};

use tests::{app, deployed, secrets};

/// Returns the message of a server that does not start because of this variable.
fn refusal(name: &str, value: &str) -> String {
    let variables = app::environment("postgresql://nobody@127.0.0.1:1/nothing");
    let program = tests::server_process::given().unwrap_or_else(|| deployed::binary("augmed-server"));
    let Output { status, stdout, .. } =
        Command::new(program).envs(variables).envs([("PORT", "0"), (name, value)]).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    said.lines().for_each(secrets::look_at);
    assert_eq!(status.code(), Some(1), "{name}={value}: {said}");
    said
}

#[test]
fn an_invalid_origin_is_refused() {
    for name in ["CORS_ORIGINS", "FRONTEND_URL"] {
        for (value, fault) in [
            ("study.example.org", "has no scheme"),
            ("https://study.example.org/app", "has a path"),
            ("https://*.example.org", "has a wildcard"),
            ("https://a.example; https://b.example", "has a quote, a semicolon or white space"),
        ] {
            assert!(refusal(name, value).contains(&format!("{name} {fault}")), "{name}={value}");
        }
    }
}

#[test]
fn a_signing_key_that_can_be_guessed_is_refused() {
    assert!(refusal("JWT_SECRET_KEY", "a").contains("JWT_SECRET_KEY has less than 32 bytes"));
}
