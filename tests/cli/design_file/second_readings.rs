use std::fs;

use serde_json::{Value, json};
use sqlx::Executor as _;

use super::{ARMS, DESIGN, cases, generate};
use tests::augmed::Augmed;

#[tokio::test]
async fn second_readings_are_stored_in_addition_and_come_after_the_first() {
    let augmed = Augmed::with_study().await;
    let design = format!("{DESIGN}{ARMS}[second_reading]\narm = 'other'\nwashout_positions = 2");
    generate(&augmed, &design, &["--out", "first.csv"]).done();
    augmed.run(&["assignments", "upload", "first.csv"]).done();

    generate(&augmed, &design, &["--second-reading-of", "first.csv", "--out", "second.csv"]).done();
    generate(&augmed, &design, &["--second-reading-of", "first.csv", "--check", "second.csv"]).done();
    let upload = || augmed.run(&["--json", "assignments", "upload", "second.csv", "--second-reading"]).done().json();
    let (stored, again) = (upload(), upload());

    assert_eq!((&stored["created"], &again["created"]), (&json!(8), &json!(0)));
    let list = augmed.run(&["--json", "assignments", "list"]).done().json();
    let own = list.as_array().unwrap().iter().filter(|one| one["user_email"] == "a@study.test");
    let own: Vec<(i64, &str)> =
        own.map(|one| (one["case_id"].as_i64().unwrap(), one["arm"].as_str().unwrap())).collect();
    for (place, (case, arm)) in own[4..].iter().enumerate() {
        let first = own[..4].iter().position(|(other, _)| other == case).unwrap();
        assert!(3 - first + place >= 2 && own[first].1 != *arm, "{own:?}");
    }
}

#[tokio::test]
async fn an_identical_second_reading_has_another_id_and_the_same_page() {
    let augmed = Augmed::with_study().await;
    let design = "seed = 1\nalways = ['BACKGROUND.*', 'PHYSICAL EXAMINATION.*']";
    generate(&augmed, design, &["--out", "first.csv"]).done();
    augmed.run(&["assignments", "upload", "first.csv"]).done();
    generate(&augmed, design, &["--second-reading-of", "first.csv", "--out", "second.csv"]).done();

    let stored = augmed.run(&["--json", "assignments", "upload", "second.csv", "--second-reading"]).done().json();

    let list = augmed.run(&["--json", "assignments", "list"]).done().json();
    let of_case =
        list.as_array().unwrap().iter().filter(|one| one["case_id"] == 101 && one["user_email"] == "a@study.test");
    let pages: Vec<Value> =
        of_case.map(|one| augmed.run(&["--json", "case", "show", one["id"].as_str().unwrap()]).done().json()).collect();
    assert_eq!((&stored["created"], pages.len()), (&json!(8), 2));
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn participants_read_only_their_read_cases_again() {
    let augmed = Augmed::with_study().await;
    let design = format!("readers_per_case = 2\n{}[second_reading]", DESIGN.replace("count = 2", "probability = 0.5"));
    generate(&augmed, &design, &["--out", "first.csv"]).done();
    let first = fs::read_to_string(augmed.path("first.csv")).unwrap();
    let left_out = format!("b@study.test,{},", cases(&augmed, "first.csv", "b@study.test")[1]);
    let part: Vec<&str> = first.lines().filter(|line| !line.starts_with(&left_out)).collect();
    augmed.file("part.csv", part.join("\n"));

    generate(&augmed, &design, &["--second-reading-of", "part.csv", "--out", "second.csv"]).done();

    let number = |participant| cases(&augmed, "second.csv", participant).len();
    assert_eq!((number("a@study.test"), number("b@study.test")), (4, 3));
    generate(&augmed, &design, &["--second-reading-of", "part.csv", "--check", "second.csv"]).done();
}

#[tokio::test]
async fn a_washout_in_days_counts_from_the_answer() {
    let augmed = Augmed::with_study().await;
    augmed.file("one.csv", "a@study.test\n");
    let design = format!("{DESIGN}[second_reading]\nwashout_days = 28");
    generate(&augmed, &design, &["--participants", "one.csv", "--out", "first.csv"]).done();
    let second = |opens: &str| {
        let more = ["--second-reading-of", "first.csv", "--opens", opens, "--out", "second.csv"];
        generate(&augmed, &design, &more)
    };

    let unanswered = second("2026-05-01");
    let endless = design.replace("washout_days = 28", "washout_days = 4000000000");
    augmed.run(&["assignments", "upload", "first.csv"]).done();
    let answers = "INSERT INTO answer (task_id, case_id, user_email, answer, created_timestamp)
                   SELECT id, case_id, user_email, '{}', '2026-03-02 09:00' FROM display_config";
    augmed.db.pool.execute(answers).await.unwrap();
    let early = second("2026-03-29");
    let more = ["--second-reading-of", "first.csv", "--opens", "2026-05-01", "--out", "second.csv"];
    let endless = generate(&augmed, &endless, &more);

    assert!(unanswered.stderr.contains("first.csv: row 2: the first reading is not answered"), "{unanswered:?}");
    assert!(early.stderr.contains("28 days of washout end on 2026-03-30"), "{early:?}");
    assert!(endless.stderr.contains("second_reading.washout_days = 4000000000: no calendar"), "{endless:?}");
    second("2026-03-30").done();
}
