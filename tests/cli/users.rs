//! `augmed users` and `augmed token`.

use std::path::Path;

use serde_json::{Value, json};
use tests::app::TestApp;

use tests::augmed::Augmed;

async fn sign_up(augmed: &Augmed, email: &str) {
    let signed_up = r#"UPDATE "user" SET active = true, password = 'x', salt = 'x' WHERE email = $1"#;
    sqlx::query(signed_up).bind(email).execute(&augmed.db.pool).await.unwrap();
}

fn outcomes(json: &Value) -> Vec<&str> {
    json.as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_people_in_a_file_are_invited_once() {
    let augmed = Augmed::new().await;
    let file = augmed.file("people.csv", "name,email\nAda,a@study.test\n\"Bo, Dr.\",b@study.test\n");

    let invited = augmed.run(&["--json", "users", "invite", "--file", &file, "A@study.test"]).done().json();
    let again = augmed.run(&["--json", "users", "invite", "--file", &file]).done().json();

    assert_eq!(outcomes(&invited), ["added", "existed already", "added"]);
    assert_eq!(outcomes(&again), ["existed already", "existed already"]);
    assert_eq!(augmed.run(&["--json", "users", "list"]).json()[1]["name"], "Bo, Dr.");
    assert_eq!(augmed.audited().await, [("cli".to_owned(), "accounts.invite".to_owned())]);
}

#[tokio::test]
async fn an_invalid_row_is_reported_and_nobody_is_invited() {
    let augmed = Augmed::new().await;
    for (content, said) in [
        ("email,name\na@study.test,Ada\nno address,Bo\n", "people.csv: row 3: column email"),
        ("mail\na@study.test\n", "row 1: the header has no column email"),
        ("email,name\na@study.test,Bo, Dr.\n", "row 2: has more columns than the header"),
    ] {
        let run = augmed.run(&["users", "invite", "--file", &augmed.file("people.csv", content)]);

        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains(said) && !run.stderr.contains("study.test"), "{run:?}");
    }
    assert_eq!(augmed.run(&["--json", "users", "list"]).json(), json!([]));
}

#[tokio::test]
async fn accounts_are_deactivated_and_activated_by_address_or_id() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;
    let id = augmed.run(&["--json", "users", "list"]).json()[0]["id"].to_string();

    let deactivated = augmed.run(&["--json", "users", "deactivate", "a@study.test", "b@study.test"]).done().json();
    let activated = augmed.run(&["--json", "users", "activate", &id]).done().json();

    let unchanged = "unchanged: invited, has not signed up yet; augmed users withdraw cancels the invitation";
    assert_eq!(outcomes(&deactivated), ["deactivated", unchanged]);
    assert_eq!(outcomes(&activated), ["activated"]);
    assert_eq!(augmed.run(&["--json", "users", "list"]).json()[0]["state"], "active");
}

#[tokio::test]
async fn an_unknown_account_changes_nothing() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;

    let run = augmed.run(&["users", "deactivate", "a@study.test", "nobody@study.test"]);

    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("account 2: there is no such account"), "{run:?}");
    assert_eq!(augmed.run(&["--json", "users", "list"]).json()[0]["state"], "active");
}

#[tokio::test]
async fn a_reset_mails_a_link_to_active_accounts() {
    let augmed = Augmed::with_study().await;
    let mails = augmed.path("mail");
    let augmed = augmed.set("MAIL_TRANSPORT", &format!("file:{}", mails.display()));
    sign_up(&augmed, "a@study.test").await;

    let run = augmed.run(&["--json", "users", "reset", "a@study.test", "b@study.test"]).done();

    assert_eq!(outcomes(&run.json()), ["mailed", "mailed: an invitation"]);
    let mails = read_all(&mails);
    assert!(mails.iter().all(|mail| mail.contains("https://study.test/reset-password/")), "{mails:?}");
    let subjects = ["Subject: Reset your AugMed password", "Subject: Your invitation to AugMed"];
    assert!(subjects.iter().all(|subject| mails.iter().any(|mail| mail.contains(subject))), "{mails:?}");
}

#[tokio::test]
async fn a_deactivated_account_gets_no_link() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;
    augmed.run(&["users", "deactivate", "a@study.test"]).done();

    let run = augmed.run(&["--json", "users", "reset", "a@study.test"]);

    assert_eq!((run.code, outcomes(&run.json())), (Some(1), vec!["failed: is deactivated"]));
}

fn read_all(directory: &Path) -> Vec<String> {
    let files = std::fs::read_dir(directory).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test]
async fn by_mail_an_invitation_mails_a_link() {
    let augmed = Augmed::new().await.set("SIGNUP", "by-mail");
    let mails = augmed.path("mail");
    let augmed = augmed.set("MAIL_TRANSPORT", &format!("file:{}", mails.display()));

    let run = augmed.run(&["users", "invite", "a@study.test", "b@study.test"]).done();

    assert!(run.stdout.contains("2 accounts added; they choose a password at the link"), "{run:?}");
    let mails = read_all(&mails);
    assert_eq!(mails.iter().filter(|mail| mail.contains("Subject: Your invitation to AugMed")).count(), 2);
}

#[tokio::test]
async fn by_mail_a_failed_mail_of_an_invitation_is_reported() {
    let augmed = Augmed::new().await.set("SIGNUP", "by-mail").set("MAIL_TRANSPORT", "file:/dev/null/mail");

    let run = augmed.run(&["--json", "users", "invite", "a@study.test"]);

    let said = "added, but its mail did not leave: augmed users reset mails another";
    assert_eq!((run.code, outcomes(&run.json())), (Some(1), vec![said]));
}

#[tokio::test]
async fn only_accounts_that_have_not_signed_up_can_be_withdrawn() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;

    let run = augmed.run(&["--json", "users", "withdraw", "a@study.test", "b@study.test"]);

    assert_eq!(run.code, Some(1));
    assert_eq!(outcomes(&run.json()), ["unchanged: has signed up; augmed users deactivate", "withdrawn"]);
    let left = augmed.run(&["--json", "users", "list"]).json();
    assert!(left.as_array().unwrap().iter().all(|account| account["email"] != "b@study.test"), "{left}");
    assert_eq!(augmed.audited().await.last().unwrap().1, "accounts.withdraw");
}

#[tokio::test]
async fn a_logout_ends_all_tokens_until_the_next_login() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;
    let token = augmed.run(&["token", "a@study.test"]).done().stdout;

    let run = augmed.run(&["--json", "users", "logout", "a@study.test", "b@study.test"]).done();

    assert_eq!(outcomes(&run.json()), ["logged out", "unchanged: invited, has not signed up yet"]);
    assert_eq!(augmed.audited().await.last().unwrap().1, "accounts.log-out");
    let new = augmed.run(&["token", "a@study.test"]).done().stdout;
    let Augmed { db, .. } = augmed;
    let api = TestApp::over(db).await;
    assert_eq!(api.get("/api/cases", Some(token.trim())).await.status, 401);
    assert_eq!(api.get("/api/cases", Some(new.trim())).await.status, 200);
}

#[tokio::test]
async fn a_link_is_recorded_before_it_is_mailed() {
    let augmed = Augmed::with_study().await.set("MAIL_TRANSPORT", "file:/dev/null/mail");
    sign_up(&augmed, "a@study.test").await;
    sign_up(&augmed, "b@study.test").await;

    let run = augmed.run(&["--json", "users", "reset", "a@study.test", "b@study.test"]);

    assert!(outcomes(&run.json()).iter().all(|outcome| outcome.starts_with("failed: ")), "{run:?}");
    let links = "SELECT (SELECT count(*) FROM reset_password_token),
                        (SELECT array_agg(resources ORDER BY id)::text FROM audit_entry WHERE action = 'accounts.mail-link')";
    let links: (i64, String) = sqlx::query_as(links).fetch_one(&augmed.db.pool).await.unwrap();
    assert_eq!(links, (2, "{{1},{2}}".to_owned()));
}

#[tokio::test]
async fn a_token_gives_access_to_the_participants_routes_with_a_warning() {
    let augmed = Augmed::with_study().await;
    sign_up(&augmed, "a@study.test").await;

    let run = augmed.run(&["token", "a@study.test"]).done();

    assert!(run.stderr.starts_with("warning: for account "), "{run:?}");
    assert_eq!(augmed.audited().await.last().unwrap().1, "account.issue-token");
    let Augmed { db, .. } = augmed;
    let api = TestApp::over(db).await;
    assert_eq!(api.get("/api/cases", Some(run.stdout.trim())).await.status, 200);
}

#[tokio::test]
async fn an_inactive_account_gets_no_token() {
    let run = Augmed::with_study().await.run(&["token", "a@study.test"]);

    assert_eq!((run.code, &*run.stdout), (Some(1), ""));
    assert!(run.stderr.contains("is not active"), "{run:?}");
}
