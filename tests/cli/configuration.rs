//! `augmed page-config` and `augmed questionnaire`.

use serde_json::json;

use tests::augmed::{Augmed, PAGE_CONFIG};

#[tokio::test]
async fn a_page_configuration_is_stored_unchanged() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let file = augmed.file("page_config.json", PAGE_CONFIG);

    let set = augmed.run(&["page-config", "set", &file]).done();

    assert!(set.stdout.contains("stored; 0 errors, 0 warnings"), "{set:?}");
    assert_eq!(augmed.run(&["page-config", "show"]).done().stdout.trim(), PAGE_CONFIG);
    assert_eq!(augmed.audited().await, [("cli".to_owned(), "page-config.set".to_owned())]);
}

#[tokio::test]
async fn an_invalid_page_configuration_is_refused_with_the_place() {
    let augmed = Augmed::new().await;
    let file = augmed.file("page_config.json", r#"{"BACKGROUND": {"Family History": ["x"]}, "BACKGROUN": {}}"#);

    let set = augmed.run(&["--json", "page-config", "set", &file]);

    assert_eq!(set.code, Some(1));
    let findings = set.json()["findings"].take();
    let wrong: Vec<_> = findings.as_array().unwrap().iter().filter(|one| one["weight"] == "wrong").collect();
    assert_eq!(
        wrong.iter().map(|one| &one["place"]).collect::<Vec<_>>(),
        ["BACKGROUND.Family History", "BACKGROUND.Family History", "BACKGROUN"]
    );
    assert_eq!(augmed.run(&["page-config", "show"]).code, Some(1), "nothing was stored");
}

#[tokio::test]
async fn keys_that_no_case_has_are_warnings() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let file =
        augmed.file("page_config.json", PAGE_CONFIG.replace("4041306", "4041306, 99").replace("[38000282]", "[8507]"));

    let check = augmed.run(&["page-config", "check", &file]).done();

    assert!(check.stdout.contains("BACKGROUND.Social History.Smoke: concept 99 is not in the vocabulary"), "{check:?}");
    assert!(
        check.stdout.contains("PATIENT COMPLAINT.Chief Complaint: no visit has an observation of this type"),
        "{check:?}"
    );
}

#[tokio::test]
async fn invalid_json_is_reported_with_line_and_column() {
    let augmed = Augmed::new().await;
    let file = augmed.file("broken.json", "{\n  \"BACKGROUND\": {,}\n}");
    for command in ["page-config", "questionnaire"] {
        let run = augmed.run(&[command, "check", &file]);

        assert_eq!(run.code, Some(1));
        assert!(run.stderr.contains("broken.json: not JSON: ") && run.stderr.contains("line 2 column 18"), "{run:?}");
    }
}

#[tokio::test]
async fn the_newest_questionnaire_is_shown() {
    let augmed = Augmed::new().await;
    let old = augmed.file("old.json", r#"[{"type": "Text", "title": "Why?"}]"#);
    let new = augmed.file("new.json", r#"[{"type": "Text",   "title": "Why not?"}]"#);
    augmed.run(&["questionnaire", "set", &old]).done();

    let id = augmed.run(&["--json", "questionnaire", "set", &new]).done().json()["id"].take();

    assert_eq!(augmed.run(&["questionnaire", "show"]).stdout.trim(), r#"[{"type": "Text",   "title": "Why not?"}]"#);
    let shown = augmed.run(&["--json", "questionnaire", "show"]).json();
    assert_eq!(shown, json!({"id": id, "config": [{"type": "Text", "title": "Why not?"}]}));
    assert_eq!(augmed.audited().await.len(), 2);
}

#[tokio::test]
async fn a_repeated_command_with_the_same_key_publishes_no_other_questionnaire() {
    let augmed = Augmed::new().await;
    let file = augmed.file("q.json", r#"[{"type": "Text", "title": "Why?"}]"#);
    let set = || augmed.run(&["--json", "questionnaire", "set", &file, "--idempotency-key", "monday"]).done().json();

    let (first, second) = (set(), set());

    assert_eq!(first, second);
    assert_eq!(augmed.audited().await.len(), 1);
}

#[tokio::test]
async fn an_invalid_question_is_refused_by_its_number() {
    let augmed = Augmed::new().await;
    let file = augmed.file(
        "q.json",
        r#"[{"type": "Text", "title": "a"}, {"type": "SingleChoice", "title": "b", "options": ["x"]}]"#,
    );

    let run = augmed.run(&["questionnaire", "set", &file]);

    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("at least 2 options") && run.stderr.contains("question 2"), "{run:?}");
    assert_eq!(augmed.run(&["questionnaire", "show"]).code, Some(1));
}
