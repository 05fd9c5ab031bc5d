//! The data of the demo study are complete and consistent, and do not mix with other studies.

use demo::{SeedError, Seeded, assignment_ids, seed};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tests::app::TestApp;
use tests::db::TestDb;

use crate::clinician::demo_study;
use crate::page;

const PARTICIPANTS: [&str; 3] = ["ines.okafor@example.org", "tomas.brandt@example.org", "yuki.sato@example.org"];
/// The only name in an examination that is shown differently than it is stored.
const BMI: [&str; 2] = ["BMI (body mass index) centile", "BMI (body mass index) range"];

async fn connect(db: &TestDb) -> PgConnection {
    PgConnection::connect(&db.url()).await.unwrap()
}

async fn review(api: &TestApp, email: &str, id: &str) -> Value {
    api.get(&format!("/api/case-reviews/{id}"), Some(&api.token_for(email))).await.data()
}

/// Returns case, arm, and the paths of `path_config`.
async fn assignment(api: &TestApp, id: &str) -> (i32, String, Vec<String>) {
    let sql = "SELECT case_id, arm, ARRAY(SELECT entry->>'path' FROM json_array_elements(path_config) AS entry)
               FROM display_config WHERE id = $1";
    sqlx::query_as(sql).bind(id).fetch_one(api.pool()).await.unwrap()
}

async fn rows(connection: &mut PgConnection) -> Vec<i64> {
    let tables = [
        "concept",
        "person",
        "observation",
        "measurement",
        "user",
        "display_config",
        "answer",
        "analytics",
        "experiment",
    ];
    let mut counts = Vec::new();
    for table in tables {
        let count = format!(r#"SELECT count(*) FROM "{table}""#);
        counts.push(sqlx::query_scalar(&count).fetch_one(&mut *connection).await.unwrap());
    }
    counts
}

/// Returns whether a path names something that this page shows.
fn is_shown(path: &str, review: &Value) -> bool {
    let (section, rest) = path.split_once('.').unwrap();
    match section {
        "BACKGROUND" => {
            page::section(review, section).is_some_and(|section| page::paths(section).contains(&path.to_owned()))
        }
        "PHYSICAL EXAMINATION" => {
            let child = rest.split_once('.').unwrap().1.replace(BMI[0], BMI[1]);
            let section = page::section(review, section);
            section
                .is_some_and(|section| section["values"].as_array().unwrap().iter().any(|node| node["key"] == *child))
        }
        "RISK ASSESSMENT" => page::ai_score(review).is_some_and(|score| !score.ends_with("N/A")),
        _ => false,
    }
}

#[tokio::test]
async fn every_path_of_an_assignment_exists_in_its_case() {
    let api = demo_study().await;
    for email in PARTICIPANTS {
        for id in assignment_ids(email) {
            let (case, arm, paths) = assignment(&api, &id).await;
            let review = review(&api, email, &id).await;

            for path in paths {
                assert!(is_shown(&path, &review), "{path} of case {case} in arm {arm}");
            }
        }
    }
}

#[tokio::test]
async fn a_score_in_an_assignment_is_a_score_of_its_case() {
    let api = demo_study().await;
    let stated = "SELECT count(*), count(observation_id)
                  FROM display_config
                  CROSS JOIN json_array_elements(path_config) AS entry
                  LEFT JOIN observation ON visit_occurrence_id = case_id AND observation_concept_id = 45614722
                                        AND entry->>'path' = 'RISK ASSESSMENT.' || value_as_string
                  WHERE entry->>'path' LIKE 'RISK ASSESSMENT.Colorectal%'";

    let (all, in_their_case): (i64, i64) = sqlx::query_as(stated).fetch_one(api.pool()).await.unwrap();

    assert!(all > 0);
    assert_eq!(all, in_their_case);
}

#[tokio::test]
async fn the_arms_differ_in_what_they_show() {
    let api = demo_study().await;
    for email in PARTICIPANTS {
        for id in assignment_ids(email) {
            let (_, arm, _) = assignment(&api, &id).await;
            let review = review(&api, email, &id).await;

            let important = review["importantInfos"].as_array().unwrap().len();
            let has_score = page::ai_score(&review).is_some();
            let has_vital_signs =
                page::section(&review, "PHYSICAL EXAMINATION").unwrap().to_string().contains("Heart rate");
            match arm.as_str() {
                "plain" | "emphasis" => assert_eq!((important, has_score, has_vital_signs), (0, false, true), "{arm}"),
                "ai-score" => assert_eq!((important, has_score, has_vital_signs), (1, true, true), "{arm}"),
                "focus" => assert!(important > 1 && has_score && !has_vital_signs, "{arm}"),
                unknown => panic!("{unknown}"),
            }
        }
    }
}

#[tokio::test]
async fn seeding_again_neither_duplicates_nor_resets() {
    let api = demo_study().await;
    let mut connection = connect(&api.db).await;
    sqlx::query("DELETE FROM answer WHERE id = (SELECT min(id) FROM answer)").execute(&mut connection).await.unwrap();
    let before = rows(&mut connection).await;

    let seeded = seed(&mut connection).await.unwrap();

    assert_eq!(seeded, Seeded::AlreadyThere);
    assert_eq!(rows(&mut connection).await, before);
}

#[tokio::test]
async fn one_of_two_concurrent_seedings_stores_the_study() {
    let db = TestDb::new().await;
    let (mut one, mut other) = (connect(&db).await, connect(&db).await);

    let (one, other) = tokio::join!(seed(&mut one), seed(&mut other));

    let mut seeded = [one.unwrap(), other.unwrap()];
    seeded.sort_by_key(|seeded| *seeded == Seeded::AlreadyThere);
    assert_eq!(seeded, [Seeded::Stored, Seeded::AlreadyThere]);
}

#[tokio::test]
async fn another_study_is_refused_and_not_changed() {
    let db = TestDb::with_contract_data().await;
    let mut connection = connect(&db).await;
    let before = rows(&mut connection).await;

    for statement in ["SELECT", "DELETE FROM system_config", r#"TRUNCATE "user""#] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
        let refused = seed(&mut connection).await;
        assert!(matches!(refused, Err(SeedError::AnotherStudy(_))), "after {statement}: {refused:?}");
    }

    assert_eq!(rows(&mut connection).await[..4], before[..4]);
}
