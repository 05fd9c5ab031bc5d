//! `augmed export analysis` of a study with two cases, two arms and two participants.

use std::fs;

use parquet::record::Field;
use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::export::rows;
use tests::augmed::Augmed;

const QUESTIONNAIRE: &str = r#"[
    {"type": "SingleChoice", "title": "How would you assess this patient's risk for colorectal cancer?", "options": ["Low Risk", "High Risk"]},
    {"type": "SingleChoice", "title": "How confident are you in your screening recommendation?", "options": ["1 - Not Confident", "3 - Very Confident"]},
    {"type": "SingleChoice", "title": "What colorectal cancer screening options would you recommend for this patient?",
     "options": ["No screening, recommendation for reassessment in 3 years", "Fecal Immunochemical Test (FIT)", "Colonoscopy"]},
    {"type": "MultipleChoice", "title": "Next?", "options": ["Letter", "Call"]},
    {"type": "Paragraph", "title": "Why?"}]"#;

/// `a` reads case 101 in the arm `plain`, then 104 in `ai`; `b` reads 101 in `ai`. Only the first reading has times.
const WORK: &str = r#"
INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_date, observation_concept_id, observation_type_concept_id, value_as_string)
VALUES (9001, 104, 104, '2025-03-03', 45614722, 0, 'Colorectal Cancer Score: 9');
INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer, ai_score_shown, created_timestamp)
SELECT task, case_id, email, paths::json, (SELECT id FROM answer_config ORDER BY created_timestamp DESC LIMIT 1), answer::json, shown, moment::timestamp
FROM (VALUES
  ('a1', 101, 'a@study.test', '[{"path": "BACKGROUND.Family History.Colorectal Cancer: Yes"}, {"path": "BACKGROUND.Social History.Smoke.Former smoker"}]',
   '{"How would you assess this patient''s risk for colorectal cancer?": "Low Risk", "How confident are you in your screening recommendation?": "1 - Not Confident",
     "What colorectal cancer screening options would you recommend for this patient?": "No screening, recommendation for reassessment in 3 years",
     "Next?": ["Letter", "Call"], "Why?": "=1+1, she said", "Left over": "x"}', false, '2025-04-01 10:00'),
  ('a2', 104, 'a@study.test', '[{"path": "BACKGROUND.Family History.Diabetes: No"}, {"path": "RISK ASSESSMENT.CRC risk assessments"}]',
   '{"How would you assess this patient''s risk for colorectal cancer?": "High Risk", "How confident are you in your screening recommendation?": "3 - Very Confident",
     "What colorectal cancer screening options would you recommend for this patient?": "Colonoscopy", "Next?": []}', true, '2025-04-02 10:00'),
  ('b1', 101, 'b@study.test', '[{"path": "RISK ASSESSMENT.Colorectal Cancer Score: 12"}]',
   '{"How would you assess this patient''s risk for colorectal cancer?": "unsure", "What colorectal cancer screening options would you recommend for this patient?": "Fecal Immunochemical Test (FIT)"}',
   true, '2025-04-01 11:00')) AS work (task, case_id, email, paths, answer, shown, moment);
INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time, to_answer_open_secs, to_submit_secs, total_duration_secs)
VALUES ('a@study.test', 'a1', 101, '2025-04-01 09:55+00', '2025-04-01 09:59+00', '2025-04-01 09:59:30.5+00', 240, 30.5, 270.5);
UPDATE answer SET experiment_id = 'exp-1', arm = 'ai', policy_id = 'p1', allocation_probability = 0.25 WHERE task_id = 'a1';
"#;

const SURVEY: &str = "StartDate,IPAddress,Q1,Q2\nStart Date,IP Address,Your e-mail?,\"Years of\npractice?\"
\"{\"\"ImportId\"\":\"\"startDate\"\"}\",\"{\"\"ImportId\"\":\"\"ip\"\"}\",\"{\"\"ImportId\"\":\"\"QID1\"\"}\",\"{\"\"ImportId\"\":\"\"QID2\"\"}\"
2025-01-01,192.0.2.1, A@Study.Test ,11
2025-01-01,192.0.2.2,nobody@study.test,3
";

const FILE: &str = "\
person_id,user_id,order_id,case_open_time,answer_open_time,answer_submit_time,to_answer_open_secs,to_submit_secs,total_duration_secs,age,gender,\
Family History.Colorectal Cancer (shown),Family History.Diabetes (shown),Social History.Smoke (shown),ai_score (shown),\
Family History.Colorectal Cancer (value),Family History.Diabetes (value),Social History.Smoke (value),ai_score (value),\
risk_assessment,confidence_level,screening_recommendation,Next?,Why?,Q2,\
experiment_id,arm,rl_run_id,policy_id,allocation_probability\r
101,5128033794488529765,1,,,,,,,74,FEMALE,False,False,False,Yes,Yes,No,Former smoker,12,,,FIT,,,,,,,,\r
101,17594509098658213958,1,2025-04-01T09:55:00+00:00,2025-04-01T09:59:00+00:00,2025-04-01T09:59:30.500000+00:00,240.0,30.5,270.5,74,FEMALE,\
True,False,True,No,Yes,No,Former smoker,,2,1,Reassessment in 3 years,Letter; Call,\"=1+1, she said\",11,exp-1,ai,,p1,0.25\r
104,17594509098658213958,2,,,,,,,71,MALE,False,True,False,Yes,,No,Former smoker,9,4,3,Colonoscopy,,,11,,,,,\r
";

async fn study() -> Augmed {
    let augmed = Augmed::with_study().await;
    augmed.run(&["questionnaire", "set", &augmed.file("questions.json", QUESTIONNAIRE)]).done();
    augmed.db.pool.execute(WORK).await.unwrap();
    augmed.file("survey.csv", SURVEY);
    augmed
}

#[tokio::test]
async fn an_answer_is_a_row_with_shown_features_values_answers_and_survey() {
    let augmed = study().await;

    let run = augmed.run(&["export", "analysis", "--survey", "survey.csv"]).done();

    assert_eq!(run.stdout, FILE);
    assert!(run.stderr.contains("note: 1 answers are not among the options"), "{run:?}");
    assert!(run.stderr.contains("1 of 2 participants found among 2 people; joined Q2"), "{run:?}");
    assert_eq!(augmed.audited().await.last().unwrap(), &("cli".to_owned(), "data.export".to_owned()));
}

#[tokio::test]
async fn json_and_parquet_contain_the_same_rows() {
    let augmed = study().await;
    augmed.run(&["export", "analysis", "--survey", "survey.csv", "--output", "study.parquet"]).done();
    augmed.run(&["export", "analysis", "--survey", "survey.csv", "--output", "study.json"]).done();

    let json: Value = serde_json::from_str(&fs::read_to_string(augmed.path("study.json")).unwrap()).unwrap();
    let rows = rows(&augmed, "study.parquet");

    let of =
        |row: usize, column: &str| rows[row].get_column_iter().find(|(name, _)| *name == column).unwrap().1.clone();
    assert_eq!((rows.len(), json["data"].as_array().unwrap().len()), (3, 3));
    assert_eq!(
        (of(1, "user_id"), &json["data"][1]["user_id"]),
        (Field::ULong(17_594_509_098_658_213_958), &json!(17_594_509_098_658_213_958_u64))
    );
    assert_eq!((of(0, "ai_score (value)"), &json["data"][0]["ai_score (value)"]), (Field::Double(12.0), &json!(12)));
    assert_eq!(
        (of(1, "Next?"), &json["data"][1]["Next?"]),
        (Field::Str("Letter; Call".to_owned()), &json!("Letter; Call"))
    );
    assert_eq!((of(0, "risk_assessment"), &json["data"][0]["risk_assessment"]), (Field::Null, &Value::Null));
}

#[tokio::test]
async fn no_address_is_in_a_file_or_the_output() {
    let augmed = study().await;
    for file in ["study.csv", "study.json", "study.parquet"] {
        let run = augmed.run(&["export", "analysis", "--survey", "survey.csv", "--output", file]).done();

        let bytes = fs::read(augmed.path(file)).unwrap();
        for said in [String::from_utf8_lossy(&bytes).to_lowercase(), run.stdout, run.stderr] {
            assert!(!said.contains("study.test") && !said.contains("192.0.2"), "{file}: {said}");
        }
    }
}

#[tokio::test]
async fn answers_keep_their_number_when_only_later_ones_are_exported() {
    let augmed = study().await;

    let late = augmed.run(&["export", "analysis", "--since", "2025-04-02", "--format", "json"]).done().json();

    let data = late["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[0]["order_id"], &data[0]["person_id"]), (1, &json!(2), &json!(104)));
}

#[tokio::test]
async fn an_empty_study_exports_a_header_without_an_audit_entry() {
    let augmed = Augmed::with_study().await;

    let run = augmed.run(&["export", "analysis"]).done();

    assert!(run.stdout.contains(",ai_score (shown),ai_score (value),Why?,experiment_id,arm,"), "{run:?}");
    assert!(!augmed.audited().await.iter().any(|(_, action)| action == "data.export"));
}

#[tokio::test]
async fn answers_of_deleted_cases_and_people_are_exported() {
    let augmed = study().await;
    augmed
        .db
        .pool
        .execute("UPDATE answer SET case_id = 999, user_email = NULL, answer_config_id = NULL WHERE task_id = 'a1'")
        .await
        .unwrap();

    let exported = augmed.run(&["export", "analysis", "--format", "json"]).done().json();

    let row = &exported["data"][2];
    assert_eq!((&row["person_id"], &row["user_id"], &row["age"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(
        (&row["Family History.Colorectal Cancer (shown)"], &row["Social History.Smoke (value)"]),
        (&json!(true), &json!("Former smoker"))
    );
}

#[tokio::test]
async fn an_unusable_survey_is_refused_with_the_reason() {
    let augmed = study().await;
    let file = augmed.file("people.csv", "email,role\na@study.test,Nurse\n");

    let run = augmed.run(&["export", "analysis", "--survey", &file, "--output", "study.csv"]);

    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("people.csv: line 2 is a person, not metadata") && !run.stderr.contains("study.test"),
        "{run:?}"
    );
    assert!(!augmed.path("study.csv").exists());
}

#[tokio::test]
async fn a_survey_without_any_participant_is_refused_with_any_separator() {
    let augmed = study().await;
    for separator in [",", ";", "\t"] {
        let survey = |address: &str| format!("Q1,Q2\na,b\n{{}},{{}}\n{address},11\n").replace(',', separator);
        let other = augmed.file("other.csv", survey("nobody@elsewhere.test"));
        let own = augmed.file("own.csv", survey("A@Study.test"));

        let refused = augmed.run(&["export", "analysis", "--survey", &other, "--output", "none.csv"]);
        let found = augmed.run(&["export", "analysis", "--survey", &own, "--output", "study.csv"]).done();

        let said = "none of the 2 participants who have answered is among the 1 people in column Q1 of the survey";
        assert!(refused.code == Some(1) && refused.stderr.contains(said), "{separator:?}: {refused:?}");
        assert!(!augmed.path("none.csv").exists());
        assert!(found.stdout.contains("1 of 2 participants found among 1 people; joined Q2"), "{found:?}");
    }
}

#[tokio::test]
async fn the_file_is_validated_against_the_database() {
    let augmed = study().await;

    let good = augmed.run(&["export", "analysis", "--validate", "--output", "study.csv"]).done();
    augmed.db.pool.execute("UPDATE analytics SET to_submit_secs = -1").await.unwrap();
    let wrong = augmed.run(&["export", "analysis", "--validate", "--output", "study.csv"]);

    assert!(good.stdout.contains("validate: good: 3 rows, one for each row of answer"), "{good:?}");
    assert!(wrong.code == Some(1) && wrong.stdout.contains("rows with a duration below zero; expected 0"), "{wrong:?}");
}

#[tokio::test]
async fn a_sample_has_the_requested_number_of_rows() {
    let augmed = study().await;
    let sample = |size: &str| {
        augmed.run(&["export", "analysis", "--sample", size, "--format", "json"]).done().json()["data"].clone()
    };

    assert_eq!(sample("2").as_array().unwrap().len(), 2);
    assert_eq!((sample("2"), sample("99").as_array().unwrap().len()), (sample("2"), 3));
}

#[tokio::test]
async fn every_option_of_a_numbered_multiple_choice_is_exported() {
    let augmed = Augmed::with_study().await;
    let screening = "What colorectal cancer screening options would you recommend?";
    let questions = json!([
        {"type": "MultipleChoice", "title": "Signs?", "options": ["1 - pain", "2 - blood"]},
        {"type": "MultipleChoice", "title": screening, "options": ["Colonoscopy", "Letter"]},
        {"type": "SingleChoice", "title": "Units?", "options": ["0 - 5", "6 - 10"]},
    ]);
    augmed.run(&["questionnaire", "set", &augmed.file("questions.json", questions.to_string())]).done();
    let answer = json!({"Signs?": ["2 - blood", "1 - pain"], screening: ["Letter", "Colonoscopy"], "Units?": "6 - 10"});
    let stored =
        sqlx::query("INSERT INTO answer (task_id, case_id, user_email, answer) VALUES ('a', 101, 'a@study.test', $1)");
    stored.bind(answer).execute(&augmed.db.pool).await.unwrap();

    let row = augmed.run(&["export", "analysis", "--format", "json"]).done().json()["data"][0].clone();

    let cells = ["Signs?", "screening_recommendation", "Units?"].map(|column| row[column].as_str().unwrap().to_owned());
    assert_eq!(cells, ["1 - pain; 2 - blood", "Colonoscopy; Letter", "6 - 10"]);
}
