//! `augmed assignments generate --design-file`.

mod second_readings;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::field::assert_refused;
use tests::augmed::{Augmed, Run};

const DESIGN: &str = "seed = 'main'
always = ['BACKGROUND.Patient Demographics.*', 'PHYSICAL EXAMINATION.*']
factors = [
  { name = 'smoking', paths = ['BACKGROUND.Social History.*'], probability = 0.5 },
  { name = 'AI score', paths = ['RISK ASSESSMENT.*'], count = 2 },
]

";
const ARMS: &str = "[arms.marked]\nshow = [{ path = 'BACKGROUND.Family*', highlight = true }]\n[arms.plain]\n";

fn generate(augmed: &Augmed, design: &str, more: &[&str]) -> Run {
    let design = augmed.file("study.toml", design);
    augmed.run(&[&["--json", "assignments", "generate", "--design-file", &design], more].concat())
}

/// Returns the rows of a file.
fn rows(augmed: &Augmed, name: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_path(augmed.path(name)).unwrap().records().map(|row| row.unwrap()).collect()
}

/// Returns the cases of a participant, in order.
fn cases(augmed: &Augmed, name: &str, participant: &str) -> Vec<String> {
    let own = rows(augmed, name).into_iter().filter(|row| &row[0] == participant);
    let mut cases: Vec<String> = own.map(|row| row[1].to_owned()).collect();
    cases.dedup();
    cases
}

#[tokio::test]
async fn the_third_round_of_the_old_study_is_shown_as_designed() {
    let augmed = Augmed::with_study().await;
    augmed.db.pool.execute(include_str!("../design_file.sql")).await.unwrap();
    let page = json!({
        "BACKGROUND": {"Family History": [4_167_217], "Medical History": [1_340_204], "Risk Ranges": [4_161_183]},
        "PHYSICAL EXAMINATION": {"BMI": [40_490_382]},
    });
    augmed.run(&["page-config", "set", &augmed.file("page.json", page.to_string())]).done();
    let documented =
        include_str!("../../../docs/study.md").split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    generate(&augmed, documented, &["--seed", "round 3", "--out", "out.csv"]).done();

    let mut ways = BTreeSet::new();
    for (index, row) in rows(&augmed, "out.csv").iter().enumerate().filter(|(_, row)| row[2].ends_with(".Age")) {
        let line = (index + 2).to_string();
        let shown = augmed.run(&["--json", "case", "show", "--file", "out.csv", "--row", &line]).done().json();
        let background = &shown["details"][0]["values"];
        let of = |key: &str| background.as_array().unwrap().iter().find(|node| node["key"] == key).unwrap();
        assert_eq!((&row[9], of("Patient Demographics")["values"].as_array().unwrap().len()), ("0.0625", 2));
        assert_eq!(of("Risk Ranges")["values"], json!([]), "never");
        ways.insert([
            of("Medical History")["values"] != json!([]),
            of("Family History")["values"] != json!([]),
            shown["details"][1]["key"] == "PHYSICAL EXAMINATION",
            shown["importantInfos"] != json!([]),
        ]);
    }

    assert!(ways.len() > 3, "{ways:?}");
}

#[tokio::test]
async fn a_generated_file_is_uploaded_without_warnings_and_has_probabilities() {
    let augmed = Augmed::with_study().await;
    let design = format!("experiment = 'exp-1'\n{DESIGN}{ARMS}").replace("= 0.5", "= 0.25");
    generate(&augmed, &design, &["--out", "out.csv"]).done();
    let first = fs::read(augmed.path("out.csv")).unwrap();

    let uploaded = augmed.run(&["--json", "assignments", "upload", "out.csv"]).done().json();
    augmed.run(&["assignments", "export", "--out", "back.csv"]).done();
    generate(&augmed, &design, &["--out", "out.csv"]).done();

    assert_eq!((&uploaded["created"], &uploaded["warnings"]), (&json!(8), &json!([])));
    let probabilities: BTreeSet<String> = rows(&augmed, "back.csv").iter().map(|row| row[9].to_owned()).collect();
    assert!(probabilities.iter().all(|one| ["0.0625", "0.1875"].contains(&&**one)), "{probabilities:?}");
    assert_eq!(fs::read(augmed.path("out.csv")).unwrap(), first, "the same bytes");
    assert_eq!(generate(&augmed, &design, &["--check", "back.csv"]).done().json()["problems"], json!([]));
}

#[tokio::test]
async fn a_changed_file_is_reported_with_its_rows() {
    let augmed = Augmed::with_study().await;
    generate(&augmed, DESIGN, &["--out", "out.csv"]).done();
    let file = fs::read_to_string(augmed.path("out.csv")).unwrap();
    let line = file.lines().position(|line| line.contains("RISK ASSESSMENT")).unwrap();
    augmed.file("changed.csv", file.replacen("RISK ASSESSMENT.CRC", "RISK ASSESSMENT.CRRC", 1));

    let checked = generate(&augmed, DESIGN, &["--check", "changed.csv"]);

    assert_eq!(checked.code, Some(1));
    assert_eq!(checked.json()["problems"][0]["rows"], json!([line + 1]));
}

#[tokio::test]
async fn an_invalid_design_is_refused_before_a_file_is_written() {
    let augmed = Augmed::with_study().await;
    augmed.file("people.csv", "email,position\na@study.test,Physician\nb@study.test,Resident\n");
    for (right, wrong, said) in [
        ("probability = 0.5", "probability = 1.5", "study.toml: factors[0] (smoking).probability: 1.5"),
        ("count = 2", "count = 5", "study.toml: factors[1] (AI score).count: 5 of 4 cases"),
        ("RISK ASSESSMENT", "RISK ASESSMENT", "factors[1] (AI score).paths[0]: RISK ASESSMENT.* names nothing"),
        ("seed =", "arms.a.ratio = 9000000000000000000\nseed =", "study.toml: arms.a.ratio: must be from 1 to 1000000"),
        ("always = [", "always = ['BACKGROUND.S*', ", "factors[0] (smoking).paths: BACKGROUND.Social History"),
        ("seed =", "sed =", "study.toml: line 1: sed: unknown field"),
    ] {
        let design = DESIGN.replace(right, wrong);
        let run = generate(&augmed, &design, &["--out", "bad.csv"]);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{said}: {run:?}");
        assert!(!augmed.path("bad.csv").exists());
    }
    let strata = format!("{DESIGN}strata = {{ participants = ['degree'] }}");
    let run = generate(&augmed, &strata, &["--participants", "people.csv"]);
    assert!(run.stderr.contains("strata.participants[0]: there is no column degree, only email, position"), "{run:?}");
}

#[tokio::test]
async fn late_joiners_read_the_cases_with_the_fewest_readers_and_others_are_not_assigned_again() {
    let augmed = Augmed::with_study().await;
    augmed.file("early.csv", "a@study.test\n");
    augmed.file("all.csv", "a@study.test\nb@study.test\n");
    let design = "participants = 2\nreaders_per_case = 1\nalways = ['BACKGROUND.*', 'PHYSICAL EXAMINATION.*']";
    generate(&augmed, design, &["--seed", "s", "--participants", "early.csv", "--out", "early-out.csv"]).done();

    let late = ["--seed", "s", "--participants", "all.csv", "--after", "early-out.csv"];
    generate(&augmed, design, &[&late[..], &["--out", "late-out.csv"]].concat()).done();

    let (early, late_cases) =
        (cases(&augmed, "early-out.csv", "a@study.test"), cases(&augmed, "late-out.csv", "b@study.test"));
    let all: BTreeSet<String> = early.iter().chain(&late_cases).cloned().collect();
    assert_eq!((early.len(), late_cases.len(), all.len()), (2, 2, 4));
    assert!(cases(&augmed, "late-out.csv", "a@study.test").is_empty());
    generate(&augmed, design, &[&late[..], &["--check", "late-out.csv"]].concat()).done();
}

#[tokio::test]
async fn strata_of_cases_come_from_a_list() {
    let augmed = Augmed::with_study().await;
    augmed.file("truth.csv", "case_id,truth\n101,0\n102,0\n103,1\n104,1\n");
    let design = "cases_per_participant = 2\nstrata = { cases = ['truth'] }\nalways = ['BACKGROUND.*', 'PHYSICAL*']";

    generate(&augmed, design, &["--case-list", "truth.csv", "--out", "out.csv"]).done();

    for participant in ["a@study.test", "b@study.test"] {
        let own = cases(&augmed, "out.csv", participant);
        assert_eq!(own.iter().filter(|case| ["101", "102"].contains(&&***case)).count(), 1, "{own:?}");
    }
}

#[tokio::test]
async fn a_participant_or_case_in_two_strata_is_refused_with_both_rows() {
    let augmed = Augmed::with_study().await;
    augmed.file("truth.csv", "case_id,truth\n101,0\n102,0\n103,1\n104,1\n101,1\n102,0\n");
    augmed.file("people.csv", "Email,position\na@study.test,Nurse\nb@study.test,Nurse\na@study.test,Physician\n");
    let design = |strata: &str| format!("always = ['BACKGROUND.*', 'PHYSICAL*']\n[strata]\n{strata}");

    let cases = generate(&augmed, &design("cases = ['truth']"), &["--case-list", "truth.csv", "--out", "out.csv"]);
    let people = ["--participants", "people.csv", "--out", "out.csv"];
    let people = generate(&augmed, &design("participants = ['position']"), &people);

    assert_refused(&cases, &["truth.csv: rows 2 and 6: strata.cases: the same case_id has different strata"]);
    assert_refused(&people, &["people.csv: rows 2 and 4: strata.participants: the same email has different strata"]);
    assert!(!augmed.path("out.csv").exists());
}

#[tokio::test]
async fn exclusions_remove_participants_cases_or_pairs() {
    let augmed = Augmed::with_study().await;
    let design =
        "seed = 1\ncases_per_participant = 2\nalways = ['BACKGROUND.*', 'PHYSICAL EXAMINATION.*']\nexclude = [";
    let exclude = |entries: &str| generate(&augmed, &format!("{design}{entries}]"), &["--out", "out.csv"]);

    exclude("{ cases = [101] }, { participant = 'a@study.test', cases = [102] }").done();
    assert_eq!(
        BTreeSet::from_iter(cases(&augmed, "out.csv", "a@study.test")),
        BTreeSet::from(["103", "104"].map(String::from))
    );
    assert!(!cases(&augmed, "out.csv", "b@study.test").contains(&"101".to_owned()));
    exclude("{ participant = 'b@study.test' }").done();
    assert!(cases(&augmed, "out.csv", "b@study.test").is_empty());
    for (entries, said) in [
        ("{ cases = [999] }", "exclude[0].cases: 999 is not one of the cases"),
        ("{ participant = 'c@study.test', cases = [101] }", "exclude[0].participant: is not one of the participants"),
        ("{ participant = 'a@study.test', cases = [101, 102, 103] }", "exclude: leaves a participant 1 cases"),
        ("{ }", "exclude[0]: has neither participant nor cases"),
    ] {
        let run = exclude(entries);
        assert!(run.code == Some(1) && run.stderr.contains(said), "{said}: {run:?}");
    }
}

#[tokio::test]
async fn a_simulation_writes_the_balance_as_a_self_contained_page() {
    let augmed = Augmed::with_study().await;

    let design = format!("{DESIGN}{ARMS}");
    let balance = generate(&augmed, &design, &["--simulate", "50", "--html", "b.html"]).done().json();

    let shares = balance["shares"].as_array().unwrap();
    let names: Vec<&Value> = shares.iter().map(|share| &share["name"]).collect();
    assert_eq!(json!(names), json!(["arm marked", "arm plain", "smoking", "AI score"]));
    assert_eq!((&shares[3]["mean"], &shares[3]["of_participant"]), (&json!(0.5), &json!([0.5, 0.5])));
    let page = fs::read_to_string(augmed.path("b.html")).unwrap();
    assert!(page.matches("<svg").count() == 8 && page.ends_with("</html>"), "{page}");
    assert!(
        !page.contains("://") && !page.contains("src=") && !page.contains("<script") && !page.contains("@study.test")
    );
}

#[tokio::test]
async fn either_arms_or_a_design_file_is_required() {
    let augmed = Augmed::with_study().await;
    let of_designs =
        [["--design-file", "f"], ["--simulate", "5"], ["--check", "f"], ["--after", "f"], ["--case-list", "f"]];
    let with_arms = of_designs.iter().map(|more| [&["--arms", "a.csv"], &more[..]].concat());
    for more in with_arms.chain([vec![], vec!["--simulate", "5"]]) {
        let run = augmed.run(&[&["assignments", "generate"], &more[..]].concat());

        assert_eq!(run.code, Some(2), "{run:?}");
    }
}
