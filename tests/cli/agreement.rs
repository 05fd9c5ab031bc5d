//! `augmed study agreement`: arms, definitions, the file for iMRMC, and refusals. `agreement_figures.rs` tests its figures.

use std::fs;

use serde_json::{Value, json};

use tests::augmed::Augmed;

/// An answer: participant, case, experiment, arm, text.
pub type Answer<'a> = (&'a str, i32, &'a str, &'a str, &'a str);

/// Two arms of three participants. `c` answers case 1 of the arm `ai` twice.
const ANSWERS: [Answer<'static>; 11] = [
    ("a", 1, "exp", "plain", "Low"),
    ("b", 1, "exp", "plain", "Low"),
    ("a", 2, "exp", "plain", "Moderate"),
    ("b", 2, "exp", "plain", "High"),
    ("a", 3, "exp", "plain", "High"),
    ("b", 3, "exp", "plain", "High"),
    ("c", 1, "exp", "ai", "Low"),
    ("c", 1, "exp", "ai", "High"),
    ("c", 2, "exp", "ai", "High"),
    ("c", 3, "exp", "ai", "unsure"),
    ("c", 4, "exp", "ai", "High"),
];

pub async fn with_questions(questions: &[Value]) -> Augmed {
    let augmed = Augmed::new().await;
    let file = augmed.file("questions.json", json!(questions).to_string());
    augmed.run(&["questionnaire", "set", &file]).done();
    augmed
}

pub async fn answer(augmed: &Augmed, title: &str, answers: impl IntoIterator<Item = Answer<'_>>) {
    for (index, (participant, case, experiment, arm, text)) in answers.into_iter().enumerate() {
        sqlx::query(
            "INSERT INTO answer (task_id, case_id, user_email, answer, experiment_id, arm, answer_config_id, created_timestamp)
             SELECT $1, $2, $3, $4, $5, $6, (SELECT id FROM answer_config), timestamp '2026-03-02' + make_interval(secs => $7)",
        )
        .bind(format!("{experiment}-{index}"))
        .bind(case)
        .bind(format!("{participant}@study.test"))
        .bind(json!({ title: text }))
        .bind(experiment)
        .bind(arm)
        .bind(f64::from(i32::try_from(index).unwrap()))
        .execute(&augmed.db.pool)
        .await
        .unwrap();
    }
}

/// Creates a study with three questions and [`ANSWERS`].
async fn study() -> Augmed {
    let risk = json!({"type": "SingleChoice", "title": "Risk?", "options": ["Low", "Moderate", "High"]});
    let next = json!({"type": "SingleChoice", "title": "What next?", "options": ["Letter", "Call"]});
    let augmed = with_questions(&[risk, next, json!({"type": "Paragraph", "title": "Why?"})]).await;
    answer(&augmed, "Risk?", ANSWERS).await;
    augmed
}

pub fn figure(report: &Value, arm: usize, name: &str) -> Value {
    let figures = report["arms"][arm]["figures"].as_array().unwrap();
    figures.iter().find(|figure| figure["figure"] == name).unwrap().clone()
}

#[tokio::test]
async fn each_arm_has_its_figures_and_repeated_answers_are_ignored() {
    let augmed = study().await;
    augmed.file("truth.csv", "case_id,truth\n1,0\n2,1\n3,1\n9,1\n");

    let run = ["--json", "study", "agreement", "risk", "--truth", "truth.csv", "--positive", "High"];
    let report = augmed.run(&run).done().json();

    let arms: Vec<_> = report["arms"].as_array().unwrap().iter().map(|arm| (&arm["arm"], &arm["answers"])).collect();
    assert_eq!(arms, [(&json!("ai"), &json!(3)), (&json!("plain"), &json!(6)), (&Value::Null, &json!(9))]);
    assert_eq!(report["arms"][0]["repeated_answers"], 1);
    assert_eq!(figure(&report, 1, "percent_agreement")["value"].as_f64(), Some(2.0 / 3.0));
    assert_eq!(figure(&report, 1, "sensitivity")["value"].as_f64(), Some(0.75));
    assert_eq!(figure(&report, 0, "percent_agreement")["why_not"], "no case has two answers");
    assert_eq!(report["answers"][2], json!({"answer": "High", "number": 4.0}));
    let left_out =
        json!({"empty": 0, "nameless": 0, "unknown": 1, "cases_without_truth": 1, "truths_without_answer": 1});
    assert_eq!(report["left_out"], left_out);
}

#[tokio::test]
async fn the_text_contains_the_definition_of_each_figure() {
    let augmed = study().await;

    let text = augmed.run(&["study", "agreement", "Risk?"]).done().stdout;
    let help = augmed.run(&["study", "agreement", "--help"]).done().stdout;

    for said in [
        "exp, plain: 6 answers of 2 participants to 3 cases",
        "ICC(2,1): Shrout and Fleiss 1979",
        "2000 bootstrap resamples",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("AUC") && help.contains("AUC, mean"), "{text}{help}");
}

#[tokio::test]
async fn the_documentation_contains_the_definition_of_each_figure() {
    let augmed = study().await;
    augmed.file("truth.csv", "case_id,truth\n1,0\n2,1\n");

    let report = augmed.run(&["--json", "study", "agreement", "Risk?", "--truth", "truth.csv"]).done().json();

    let definitions = report["definitions"].as_object().unwrap();
    let documented = include_str!("../../docs/study.md");
    assert_eq!(definitions.len(), 11);
    for definition in definitions.values() {
        assert!(documented.contains(&format!(" | {} |", definition.as_str().unwrap())), "{definition}");
    }
}

#[tokio::test]
async fn the_imrmc_file_contains_answers_to_cases_with_a_truth() {
    let augmed = study().await;
    augmed.file("truth.csv", "case_id,truth\n1,0\n2,1\n");

    augmed.run(&["study", "agreement", "Risk?", "--truth", "truth.csv", "--imrmc", "study.imrmc"]).done();

    let file = fs::read_to_string(augmed.path("study.imrmc")).unwrap();
    let (head, data) = file.split_once("\nBEGIN DATA:\n").unwrap();
    assert_eq!(head, "augmed study agreement: Risk?\nNR: 3\nN0: 1\nN1: 1\nNM: 2\n");
    let [a, b, c] = [17_594_509_098_658_213_958_u64, 5_128_033_794_488_529_765, 17_750_300_735_189_812_246];
    // on the scale Very Low to Very High, Low is 2, Moderate 3 and High 4
    let expected = format!(
        "-1,1,0,0\n-1,2,0,1\n{c},1,ai,2\n{c},2,ai,4\n{b},1,plain,2\n{a},1,plain,2\n{b},2,plain,4\n{a},2,plain,3\n"
    );
    assert_eq!(data, expected);
    assert_eq!(augmed.audited().await.last().unwrap(), &("cli".to_owned(), "data.export".to_owned()));
}

#[tokio::test]
async fn unordered_options_have_only_figures_without_an_order() {
    let augmed = study().await;
    answer(&augmed, "What next?", [("a", 1, "next", "x", "Call"), ("b", 1, "next", "x", "Letter")]).await;
    let run = |more: &[&str]| {
        augmed.run(&[&["--json", "study", "agreement", "What next?", "--resamples", "0"], more].concat()).done().json()
    };

    let (unordered, ordered) = (run(&[]), run(&["--ordered"]));

    assert_eq!(figure(&unordered, 0, "alpha_nominal")["value"], 0.0);
    assert_eq!(
        figure(&unordered, 0, "alpha_ordinal")["why_not"],
        "the options have no order: add --ordered if they are listed in order"
    );
    assert_eq!(figure(&ordered, 0, "alpha_ordinal")["value"], 0.0);
    assert_eq!(figure(&ordered, 0, "alpha_interval")["why_not"], "the options are not numbers");
}

#[tokio::test]
async fn the_order_of_ticks_is_no_disagreement() {
    let signs = json!({"type": "MultipleChoice", "title": "Signs?", "options": ["Pain", "Blood"]});
    let augmed = with_questions(&[signs]).await;
    answer(&augmed, "Signs?", [("a", 1, "exp", "x", ""), ("b", 1, "exp", "x", "")]).await;
    for (participant, ticks) in [("a", ["Pain", "Blood"]), ("b", ["Blood", "Pain"])] {
        let stored = sqlx::query("UPDATE answer SET answer = $1 WHERE user_email = $2");
        let stored = stored.bind(json!({ "Signs?": ticks })).bind(format!("{participant}@study.test"));
        stored.execute(&augmed.db.pool).await.unwrap();
    }

    let report = augmed.run(&["--json", "study", "agreement", "Signs?", "--resamples", "0"]).done().json();

    assert_eq!(report["answers"], json!([{"answer": "Pain; Blood", "number": null}]));
    assert_eq!(figure(&report, 0, "percent_agreement")["value"], 1.0);
}

#[tokio::test]
async fn an_impossible_calculation_is_refused_with_the_reason() {
    let augmed = study().await;
    answer(&augmed, "Why?", [("a", 1, "why", "x", "It is"), ("b", 1, "why", "x", "7")]).await;
    augmed.file("truth.csv", "case_id,truth\n1,0\n2,1\n");
    augmed.file("bad.csv", "case_id,truth\n1,perhaps\n");

    for (arguments, code, said) in [
        (&["age"][..], 2, "no question is called age; there are:\n  Risk?\n  What next?\n  Why?"),
        (&["?"], 2, "several questions are called ?"),
        (&["What next?"], 1, "nobody has answered: What next?"),
        (&["Why?"], 1, "Why?: 1 of 2 answers are free text"),
        (&["Risk?", "--truth", "bad.csv"], 1, "bad.csv: row 2, column truth: expected 1"),
        (
            &["Risk?", "--truth", "truth.csv", "--positive", "Huge"],
            2,
            "Huge is not one of the answers: Low, Moderate, High",
        ),
        (&["Risk?", "--positive", "High"], 2, "--truth"),
        (
            &["Risk?", "--truth", "truth.csv", "--positive-from", "33"],
            2,
            "33 is not on the scale, which goes from 2 to 4",
        ),
        (&["Risk?", "--confidence", "95"], 2, "not between 0 and 1"),
        (&["Risk?", "--truth", "truth.csv", "--imrmc", "-"], 2, "name a file: --imrmc FILE"),
    ] {
        let run = augmed.run(&[&["study", "agreement"], arguments].concat());
        assert!(run.code == Some(code) && run.stderr.contains(said), "{arguments:?}: {run:?}");
    }
}
