//! `augmed doctor`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use http::StatusCode;
use serde_json::{Value, json};
use tests::augmed::Augmed;
use tests::aws;
use tests::db::TestDb;

fn health<'a>(json: &'a Value, check: &str) -> Vec<&'a str> {
    let of_check = json.as_array().unwrap().iter().filter(|one| one["check"] == check);
    of_check.map(|one| one["health"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_complete_study_has_no_failed_checks() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n");
    augmed.run(&["assignments", "upload", &file]).done();

    let found = augmed.run(&["--json", "doctor"]).done().json();

    for check in [
        "SSM",
        "configuration",
        "database",
        "schema",
        "data",
        "page_config",
        "questionnaire",
        "participants",
        "assignments",
    ] {
        assert_eq!(health(&found, check), ["good"], "{check}: {found}");
    }
}

/// The service of AWS runs beside the program, for which this test waits.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_of_the_database_may_be_a_parameter_of_ssm() {
    let augmed = Augmed::new().await;
    let parameter = json!({"Name": "/study/url", "Value": augmed.db.url(), "Version": 1});
    let ssm = aws::service(StatusCode::OK, json!({ "Parameters": [parameter] }).to_string()).await;
    let augmed = augmed.set("DATABASE_URL", "").set("DATABASE_URL_PARAMETER", "/study/url");
    let augmed = ssm.iter().fold(augmed, |augmed, (name, value)| augmed.set(name, value));

    let found = augmed.run(&["--json", "doctor"]).json();

    assert_eq!((health(&found, "SSM"), health(&found, "database")), (vec!["good"], vec!["good"]), "{found}");
}

#[tokio::test]
async fn every_failed_check_has_a_remedy() {
    let empty = Augmed::new().await;
    let without_key = Augmed::new().await.set("JWT_SECRET_KEY", "");
    let without_schema = Augmed::over(TestDb::empty().await);
    let without_database = Augmed::new().await.set("DATABASE_URL", "postgresql://127.0.0.1:1/x");
    let without_mail = Augmed::new().await.set("MAIL_TRANSPORT", "ses").set("MAIL_FROM", "");
    for (augmed, failing) in [
        (empty, "page_config"),
        (without_key, "configuration"),
        (without_schema, "schema"),
        (without_database, "database"),
        (without_mail, "mail"),
    ] {
        let run = augmed.run(&["--json", "doctor"]);

        assert_eq!((run.code, health(&run.json(), failing)), (Some(1), vec!["failed"]), "{run:?}");
        let is_bad = |one: &&Value| one["health"] != "good";
        assert!(run.json().as_array().unwrap().iter().filter(is_bad).all(|one| one["remedy"].is_string()), "{run:?}");
    }
}

#[tokio::test]
async fn invalid_assignments_are_found() {
    let augmed = Augmed::with_study().await;
    let file = "User,Case No.,Path\nc@study.test,101,BACKGROUND.Family History.x\na@study.test,999,BACKGROUND.x\n";
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", file), "--force"]).done();

    let found = augmed.run(&["--json", "doctor"]);

    assert_eq!(found.code, Some(1));
    assert_eq!(health(&found.json(), "assignments"), ["failed", "warning", "warning"]);
}

#[tokio::test]
async fn an_invalid_origin_is_refused() {
    for name in ["CORS_ORIGINS", "FRONTEND_URL"] {
        for value in ["study.example.org", "https://study.example.org/app", "https://*.example.org", "a; b"] {
            let run = Augmed::new().await.set(name, value).run(&["--json", "doctor"]);

            let findings = run.json()[1]["finding"].to_string();
            assert!(run.code == Some(1) && findings.contains(&format!("{name} has ")), "{name}={value}: {findings}");
        }
    }
}

#[tokio::test]
async fn weak_keys_are_warnings() {
    let augmed = Augmed::new().await.set("JWT_SECRET_KEY", "short").set("JWT_SECRET_KEY_MAY_BE_SHORT", "true");
    let augmed = augmed.set("ADMIN_API_KEY", "@#$_=abc").set("EXPORT_API_KEY", "@#$_=abc");

    let found = augmed.run(&["--json", "doctor"]).json();

    assert_eq!(health(&found, "token key"), ["warning"], "{found}");
    assert_eq!(health(&found, "API keys"), ["warning"; 3], "two that are short, and the same: {found}");
}

#[tokio::test]
async fn open_signup_is_a_warning_and_an_unknown_mode_is_an_error() {
    for (value, check, expected) in [
        ("open", "signup", vec!["warning"]),
        ("by-mail", "signup", vec![]),
        ("by-post", "configuration", vec!["failed"]),
    ] {
        let run = Augmed::new().await.set("SIGNUP", value).run(&["--json", "doctor"]);

        assert_eq!(health(&run.json(), check), expected, "SIGNUP={value}: {run:?}");
        assert_eq!(run.json().to_string().contains("SIGNUP must be open or by-mail"), value == "by-post");
    }
}

#[tokio::test]
async fn a_directory_for_mail_is_examined_and_not_created() {
    let augmed = Augmed::new().await;
    let (missing, file) = (augmed.path("mail/of/today"), augmed.file("file", ""));
    let augmed = augmed.set("MAIL_TRANSPORT", &format!("file:{}", missing.display()));

    let found = augmed.run(&["--json", "doctor"]).json();
    let is_created = augmed.path("mail").exists();
    let in_file = augmed.set("MAIL_TRANSPORT", &format!("file:{file}/mail")).run(&["--json", "doctor"]).json();

    assert_eq!((health(&found, "mail"), health(&in_file, "mail")), (vec!["warning"], vec!["failed"]));
    assert!(!is_created);
}

#[tokio::test]
async fn a_variable_that_is_not_text_is_ignored_or_named() {
    let odd = || OsStr::from_bytes(b"\xff");
    let augmed = Augmed::new().await;

    let other = augmed.command(&["--json", "doctor"]).env("ODD", odd()).env(odd(), "x").output().unwrap();
    let own = augmed.command(&["--json", "doctor"]).env("SIGNUP", odd()).output().unwrap();

    let text = |output: &[u8]| String::from_utf8(output.to_vec()).unwrap();
    assert!(text(&other.stdout).contains("\"complete\"") && other.stderr.is_empty(), "{other:?}");
    assert!(text(&own.stdout).contains("SIGNUP is not UTF-8 text") && own.stderr.is_empty(), "{own:?}");
}
