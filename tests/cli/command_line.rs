//! Behaviour of all commands.

use sqlx::postgres::PgConnectOptions;

use tests::augmed::Augmed;

#[tokio::test]
async fn every_command_has_help_with_examples() {
    let augmed = Augmed::new().await;
    for command in [
        "migrate",
        "load",
        "page-config",
        "questionnaire",
        "users",
        "assignments",
        "case",
        "progress",
        "study",
        "token",
        "demo",
        "export",
        "doctor",
        "completions",
    ] {
        let help = augmed.run(&[command, "--help"]).done();

        assert!(help.stdout.contains("Examples:"), "{command}: {}", help.stdout);
    }
}

#[tokio::test]
async fn an_invalid_command_line_exits_with_2() {
    let augmed = Augmed::new().await;
    for arguments in
        [&["migrat"][..], &["users", "activate"], &["assignments", "list", "--case", "x"], &["migrate", "down"]]
    {
        let run = augmed.run(arguments);

        assert_eq!((run.code, &*run.stdout), (Some(2), ""), "{run:?}");
    }
}

#[tokio::test]
async fn shells_complete_arguments() {
    let augmed = Augmed::new().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(augmed.run(&["completions", shell]).done().stdout.contains("page-config"), "{shell}");
    }
}

#[tokio::test]
async fn an_unreachable_database_is_reported_in_two_lines() {
    let augmed = Augmed::new().await.set("DATABASE_URL", "postgresql://nobody:hunter2@127.0.0.1:1/x");

    let run = augmed.run(&["users", "list"]);

    assert_eq!((run.code, run.stderr.lines().count()), (Some(1), 2), "{run:?}");
    assert!(run.stderr.contains("DATABASE_URL") && !run.stderr.contains("hunter2"), "{run:?}");
}

#[tokio::test]
async fn the_database_may_be_given_as_postgres_variables() {
    let augmed = Augmed::new().await;
    let url: url::Url = augmed.db.url().parse().unwrap();
    let options: PgConnectOptions = url.as_str().parse().unwrap();
    let socket = options.get_socket().map(|directory| directory.display().to_string());
    let augmed = augmed
        .set("POSTGRES_HOST", socket.as_deref().unwrap_or(options.get_host()))
        .set("POSTGRES_PORT", &options.get_port().to_string())
        .set("POSTGRES_USER", options.get_username())
        .set("POSTGRES_PASSWORD", url.password().unwrap_or("any: this server asks for none"))
        .set("POSTGRES_DB", options.get_database().unwrap())
        .set("DATABASE_URL", "");

    augmed.run(&["users", "list"]).done();
}

#[tokio::test]
async fn with_json_a_failure_is_a_document_on_standard_error() {
    let run = Augmed::new().await.run(&["--json", "page-config", "show"]);

    let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    assert_eq!(error["error"]["message"], "there is no page configuration");
}

#[tokio::test]
async fn a_reader_that_closes_the_pipe_is_no_failure() {
    let augmed = Augmed::with_study().await;

    let run = augmed.sh(
        "augmed assignments export | true; augmed users list | head -n 1 > /dev/null; augmed completions bash | true",
    );

    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
}

#[tokio::test]
async fn nothing_is_destroyed_without_confirmation() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n");
    augmed.run(&["assignments", "upload", &file]).done();

    for arguments in [
        &["migrate", "down", "--to", "0"][..],
        &["assignments", "clear"],
        &["assignments", "upload", &file, "--replace"],
    ] {
        let run = augmed.run(arguments);

        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.contains("--yes"), "{run:?}");
    }
    assert_eq!(augmed.run(&["--json", "assignments", "list"]).json().as_array().unwrap().len(), 1);
}
