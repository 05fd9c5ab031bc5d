//! A trial from its design to the sealed study.

use std::fs;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::db::TestDb;

use tests::augmed::Augmed;

const DESIGN: &str = "seed = 'trial'
experiment = 'exp-1'
always = ['PHYSICAL EXAMINATION.*']
factors = [
  { name = 'smoking', paths = ['BACKGROUND.Social History.*'], probability = 0.5 },
  { name = 'AI score', paths = ['RISK ASSESSMENT.*'], count = 2 },
]
[arms.marked]
show = [{ path = 'BACKGROUND.Family*', highlight = true }]
[arms.plain]
[second_reading]
arm = 'other'
washout_positions = 2
";
const PARTICIPANTS: [&str; 2] = ["a@study.test", "b@study.test"];

/// Creates a study whose participants have signed up, and the API over its database.
async fn study() -> (Augmed, TestApp) {
    let augmed = Augmed::with_study().await;
    sqlx::query(r#"UPDATE "user" SET active = true"#).execute(&augmed.db.pool).await.unwrap();
    let api = TestApp::reaching(TestDb::empty().await, &augmed.db.url()).await;
    augmed.file("design.toml", DESIGN);
    (augmed, api)
}

/// Views and answers the next case, like the frontend. Returns its number, or `None` if none is left.
async fn read_one(api: &TestApp, participant: &str) -> Option<i64> {
    let token = api.token_for(participant);
    let next = api.get("/api/cases", Some(&token)).await.data();
    let task = next[0]["config_id"].as_str()?.to_owned();
    let page = api.get(&format!("/api/case-reviews/{task}"), Some(&token)).await.data();
    let questionnaire = api.get("/api/config/answer", Some(&token)).await.data();
    let body = json!({"answer": {"Why?": "x"}, "answerConfigId": questionnaire["id"],
                      "aiScoreShown": page["importantInfos"].as_array().is_some_and(|infos| !infos.is_empty())});
    let answer = api.post(&format!("/api/answer/{task}"), Some(&token), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    Some(page["caseNumber"].as_str()?.parse().unwrap())
}

fn sealed(augmed: &Augmed, file: &str) -> Vec<Value> {
    let document: Value =
        serde_json::from_slice(&fs::read(augmed.path(&format!("sealed/{file}.json"))).unwrap()).unwrap();
    document["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacing_upload_loses_nothing_of_the_record() {
    let (augmed, api) = study().await;
    let generate = ["assignments", "generate", "--design-file", "design.toml", "--out"];
    augmed.run(&[&generate[..], &["first.csv"]].concat()).done();
    augmed.run(&["assignments", "upload", "first.csv"]).done();
    for participant in PARTICIPANTS {
        while read_one(&api, participant).await.is_some() {}
    }
    let file =
        augmed.file("other.csv", "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n");

    augmed.run(&["assignments", "upload", &file, "--replace", "--yes"]).done();
    augmed.run(&["study", "seal", "sealed", "--with-pages"]).done();

    augmed.run(&["study", "verify", "sealed"]).done();
    let (answers, exposures, pages) =
        (sealed(&augmed, "answers"), sealed(&augmed, "exposures"), sealed(&augmed, "pages"));
    assert_eq!((answers.len(), exposures.len()), (8, 8));
    for exposure in &exposures {
        let answer = answers.iter().find(|answer| answer["answer_id"] == exposure["answer_id"]).unwrap();
        for column in ["participant", "experiment_id", "arm", "allocation_probability", "ai_score_shown"] {
            assert!(!answer[column].is_null() && answer[column] == exposure[column], "{column}: {answer} {exposure}");
        }
        assert!(pages.iter().any(|page| page["page_sha256"] == exposure["page_sha256"]), "{exposure}");
    }
    assert_eq!(augmed.run(&["--json", "progress"]).done().json()["contradictions"]["ai_score"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn second_readings_are_served_after_all_first_ones_of_the_participant() {
    let (augmed, api) = study().await;
    let generate = ["assignments", "generate", "--design-file", "design.toml"];
    augmed.run(&[&generate[..], &["--out", "first.csv"]].concat()).done();
    augmed.run(&["assignments", "upload", "first.csv"]).done();
    let first = [read_one(&api, "a@study.test").await.unwrap(), read_one(&api, "a@study.test").await.unwrap()];

    augmed.run(&[&generate[..], &["--second-reading-of", "first.csv", "--out", "second.csv"]].concat()).done();
    augmed.run(&["assignments", "upload", "second.csv", "--second-reading"]).done();

    let mut read = first.to_vec();
    while let Some(case) = read_one(&api, "a@study.test").await {
        read.push(case);
    }
    let (mut once, mut again) = (read[..4].to_vec(), read[4..].to_vec());
    once.sort_unstable();
    again.sort_unstable();
    assert_eq!((&once[..], &again[..]), (&[101, 102, 103, 104][..], &[101, 102, 103, 104][..]), "{read:?}");
}
