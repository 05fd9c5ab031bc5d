//! `augmed progress`.

use std::fs;

use serde_json::{Value, json};

use tests::augmed::Augmed;

/// `a` answered one of three cases ten days ago, with a failed attention check; another assignment has no visit. `b` is done, with a passed
/// check. `c` was invited.
const WORK: &str = r#"
UPDATE "user" SET active = true, password = 'x', created_timestamp = now() - interval '30 days';
INSERT INTO "user" (email, created_timestamp) VALUES ('c@study.test', now());
INSERT INTO display_config (id, user_email, case_id, experiment_id, arm) VALUES
  ('a1', 'a@study.test', 101, 'exp-1', 'plain'), ('a2', 'a@study.test', 102, 'exp-1', '<ai>'), ('a3', 'a@study.test', 103, 'exp-1', 'plain'),
  ('a4', 'a@study.test', 999, 'exp-1', 'plain'), ('b1', 'b@study.test', 101, 'exp-1', '<ai>'), ('b2', 'b@study.test', 102, 'exp-1', '<ai>'),
  ('c1', 'c@study.test', 101, NULL, NULL), ('d1', 'd@study.test', 101, NULL, NULL);
INSERT INTO answer (task_id, case_id, user_email, answer, created_timestamp) VALUES
  ('a1', 101, 'a@study.test', '{"Attention Check \u2013 please read carefully and select ''All of the above'' below": "I prefer not to answer"}', now() - interval '10 days'),
  ('b1', 101, 'b@study.test', '{"Attention Check – please read carefully and select ''All of the above'' below": "All of the above"}', now() - interval '1 day'),
  ('b2', 102, 'b@study.test', '{"Why?": "\ud800 and an Attention Check"}', now() - interval '1 day');
INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                       to_answer_open_secs, to_submit_secs, total_duration_secs)
VALUES ('a@study.test', 'a1', 101, now(), now(), now(), 100, 20, 120), ('b@study.test', 'b1', 101, now(), now(), now(), 200, 40, 240),
       ('b@study.test', 'b2', 102, now(), now(), now(), 300, 60, 360), ('a@study.test', 'a2', 102, now(), now(), now(), 9999, 9999, 19998);
"#;

async fn study() -> Augmed {
    let augmed = Augmed::with_study().await;
    sqlx::raw_sql(WORK).execute(&augmed.db.pool).await.unwrap();
    augmed
}

fn of<'a>(list: &'a Value, key: &str, value: &Value) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one[key] == *value).unwrap()
}

fn counts(work: &Value) -> Vec<i64> {
    ["assigned", "answered", "remaining", "skipped"].iter().map(|key| work[key].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_report_lists_everybody_with_their_remaining_cases() {
    let study = study().await.run(&["--json", "progress"]).done().json();

    let participant = |email: &str| of(&study["participants"], "email", &json!(email));
    assert_eq!(counts(&study["total"]), [8, 3, 4, 1]);
    assert_eq!(counts(participant("a@study.test")), [4, 1, 2, 1]);
    assert_eq!(counts(participant("b@study.test")), [2, 2, 0, 0]);
    let states =
        ["a@study.test", "b@study.test", "c@study.test", "d@study.test"].map(|email| &participant(email)["state"]);
    assert_eq!(states, ["stuck", "done", "invited", "no_account"]);
    assert_eq!(study["answers_of_last_week"], 2);
}

#[tokio::test]
async fn times_outside_the_calendar_are_ignored() {
    let augmed = study().await;
    for time in ["-infinity", "infinity", "4000-01-01 BC", "290000-01-01"] {
        let times = format!(
            r#"UPDATE "user" SET created_timestamp = '{time}', modified_timestamp = '{time}'; UPDATE answer SET created_timestamp = '{time}'"#
        );
        sqlx::raw_sql(&times).execute(&augmed.db.pool).await.unwrap();

        let study = augmed.run(&["--json", "progress"]).done().json();

        assert_eq!(counts(&study["total"]), [8, 3, 4, 1], "{time}");
    }
}

#[tokio::test]
async fn durations_are_quartiles_of_answered_cases() {
    let study = study().await.run(&["--json", "progress"]).done().json();

    let total = &study["total"];
    assert_eq!(total["case_seconds"], json!({"lower": 150.0, "median": 200.0, "upper": 250.0}));
    assert_eq!(total["answer_seconds"], json!({"lower": 30.0, "median": 40.0, "upper": 50.0}));
    let arm = of(&study["arms"], "arm", &json!("<ai>"));
    assert_eq!((counts(arm), &arm["case_seconds"]["median"]), (vec![3, 2, 1, 0], &json!(250.0)));
}

#[tokio::test]
async fn attention_checks_are_counted_per_participant_and_arm() {
    let study = study().await.run(&["--json", "progress"]).done().json();

    let checks = |work: &Value| [work["checks_passed"].as_i64().unwrap(), work["checks_failed"].as_i64().unwrap()];
    assert_eq!(checks(&study["total"]), [1, 1]);
    assert_eq!(checks(of(&study["participants"], "email", &json!("a@study.test"))), [0, 1]);
    assert_eq!(checks(of(&study["arms"], "arm", &json!("<ai>"))), [1, 0]);
}

#[tokio::test]
async fn the_number_of_days_decides_who_is_stuck() {
    let study = study().await.run(&["--json", "progress", "--stuck-after-days", "11"]).done().json();

    assert_eq!(of(&study["participants"], "email", &json!("a@study.test"))["state"], "working");
}

#[tokio::test]
async fn with_days_beyond_the_calendar_nobody_is_stuck() {
    let study = study().await.run(&["--json", "progress", "--stuck-after-days", "4294967295"]).done().json();

    assert_eq!(of(&study["participants"], "email", &json!("a@study.test"))["state"], "working");
}

#[tokio::test]
async fn a_terminal_shows_addresses_and_the_expected_end() {
    let shown = study().await.run(&["progress"]).done().stdout;

    for part in [
        "a@study.test",
        "1 of 4",
        "4:10 (3:45–4:35)",
        "a case takes 3:20 (2:30–4:10) to read and 0:40 (0:30–0:50) to answer",
        "3 of 8 assignments answered (37 %), 4 left",
        "4 participants: 1 stuck, 1 no account, 1 not signed up, 1 done",
        "attention checks: 1 passed, 1 failed",
        "2 answers in the last seven full days",
        "warning: 1 assignments are never shown",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[tokio::test]
async fn the_page_is_self_contained_and_anonymous() {
    let augmed = study().await;

    augmed.run(&["progress", "--html", "progress.html"]).done();

    let page = fs::read_to_string(augmed.path("progress.html")).unwrap();
    for part in ["<!doctype html>", "role=\"img\"", "1 of 2", "stuck", "exp-1 · &lt;ai&gt;"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for part in ["study.test", "<script", "http:", "https:", "src=", "<ai>", "NaN", "undefined"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    let with = augmed.run(&["progress", "--html", "-", "--with-addresses"]).done().stdout;
    assert!(with.starts_with("<!doctype html>") && with.contains("a@study.test"), "{with}");
}

#[tokio::test]
async fn an_empty_study_has_a_page() {
    let augmed = Augmed::new().await;

    let page = augmed.run(&["progress", "--html", "-"]).done().stdout;

    assert!(page.contains("No answer yet.") && !page.contains("NaN"), "{page}");
    assert_eq!(augmed.run(&["--json", "progress"]).done().json()["total"]["assigned"], 0);
}
