//! The figures of `augmed study agreement` against published tables and Python packages (tests/fixtures/statistics).

use serde_json::{Value, json};

use crate::agreement::{answer, figure, with_questions};
use tests::augmed::Augmed;

fn reference() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/statistics/reference.json")).unwrap()
}

/// Stores the data sets of the reference, each as an experiment and a question.
async fn with_reference() -> Augmed {
    let question = |set: &Value| json!({"type": "SingleChoice", "title": set["name"], "options": set["options"]});
    let augmed = with_questions(&reference().iter().map(question).collect::<Vec<_>>()).await;
    for set in reference() {
        let name = set["name"].as_str().unwrap();
        let answers: Vec<(i32, i32, String)> = serde_json::from_value(set["answers"].clone()).unwrap();
        let readers: Vec<String> = (0..9).map(|reader| format!("reader-{reader}")).collect();
        let reader = |number: &i32| readers[usize::try_from(*number).unwrap()].as_str();
        let answers = answers.iter().map(|(number, case, text)| (reader(number), *case, name, "all", text.as_str()));
        answer(&augmed, name, answers).await;
        let truths = set["truth"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rows = truths.iter().enumerate().map(|(case, truth)| format!("{case},{truth}\n"));
        augmed.file(&format!("{name}.csv"), format!("case_id,truth\n{}", rows.collect::<String>()));
    }
    augmed
}

fn agreement(augmed: &Augmed, set: &Value, more: &[&str]) -> Value {
    let name = set["name"].as_str().unwrap();
    let file = format!("{name}.csv");
    let truth = if set["truth"].is_null() { &[][..] } else { &["--truth", &file, "--positive-from", "4"] };
    augmed.run(&[&["--json", "study", "agreement", name, "--experiment", name], truth, more].concat()).done().json()
}

#[tokio::test]
async fn figures_equal_published_tables_and_python_packages() {
    let augmed = with_reference().await;
    for set in reference() {
        let report = agreement(&augmed, &set, &["--resamples", "0"]);
        let value = |name: &str| figure(&report, 0, name)["value"].as_f64().unwrap();

        for (name, published) in set["published"].as_object().unwrap() {
            let published = published.as_str().unwrap();
            let decimals = published.split_once('.').unwrap().1.len();
            assert_eq!(format!("{:.decimals$}", value(name)), published, "{}: {name}", set["name"]);
        }
        for (name, expected) in set["packages"].as_object().unwrap() {
            // irrCAC rounds to five decimals
            let tolerance = if expected["package"] == "irrCAC" { 5.1e-6 } else { 1e-9 };
            let difference = (value(name) - expected["value"].as_f64().unwrap()).abs();
            assert!(difference < tolerance, "{}: {name}: {} is not {expected}", set["name"], value(name));
        }
    }
}

#[tokio::test]
#[ignore = "in just slow"]
async fn intervals_agree_with_another_bootstrap_and_are_reproducible() {
    let augmed = with_reference().await;
    let set = reference().pop().unwrap();

    let report = agreement(&augmed, &set, &["--resamples", "4000"]);

    for (name, expected) in set["intervals"].as_object().unwrap() {
        let figure = figure(&report, 0, name);
        for (bound, expected) in [("low", &expected[0]), ("high", &expected[1])] {
            let difference = (figure[bound].as_f64().unwrap() - expected.as_f64().unwrap()).abs();
            assert!(difference < 0.02, "{name}: {figure} is not {expected}");
        }
    }
    assert_eq!(report, agreement(&augmed, &set, &["--resamples", "4000"]));
    assert_ne!(report["arms"], agreement(&augmed, &set, &["--resamples", "4000", "--seed", "other"])["arms"]);
}
