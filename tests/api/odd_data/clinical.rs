use tests::app::TestApp;

use super::{ALICE, execute, is_fault, read_all, review};

#[tokio::test]
async fn odd_clinical_data_causes_no_server_error() {
    const NOTHING: &str =
        "value_as_number = NULL, value_as_concept_id = NULL, unit_concept_id = NULL, unit_source_value = NULL";
    let nothing_observed =
        format!("UPDATE observation SET value_as_string = NULL, qualifier_concept_id = NULL, {NOTHING}");
    let nothing_measured = format!("UPDATE measurement SET operator_concept_id = NULL, {NOTHING}");
    let numbers = ["NaN", "Infinity", "-Infinity", "1e-40", "1e1000", "-0.0"].map(|number| {
        format!(
            "UPDATE observation SET value_as_string = NULL, value_as_number = '{number}';
             UPDATE measurement SET value_as_number = '{number}', measurement_concept_id =
                 CASE WHEN measurement_id % 2 = 0 THEN 40490382 ELSE measurement_concept_id END"
        )
    });
    let dates = ["infinity", "-infinity", "0001-01-01 BC", "4713-01-01 BC", "5874897-12-31"]
        .map(|date| format!("UPDATE visit_occurrence SET visit_start_date = '{date}', visit_end_date = '{date}'"));
    let others = [
        "UPDATE person SET year_of_birth = -2147483648",
        "UPDATE person SET year_of_birth = 2147483647, gender_concept_id = -1",
        "ALTER TABLE person ALTER year_of_birth DROP NOT NULL; UPDATE person SET year_of_birth = NULL",
        "UPDATE person SET person_source_value = NULL",
        "UPDATE person SET person_source_value = E'\\u0001\\t\"\\\\ \\u2028 😀'",
        "UPDATE concept SET concept_name = ''",
        "UPDATE concept SET concept_name = E'\\u0001\\t\"\\\\ \\u2028 😀\\u007f.'",
        "UPDATE concept SET concept_name = repeat('é', 255)",
        "UPDATE observation SET observation_concept_id = -1, observation_type_concept_id = 2147483647",
        "UPDATE observation SET value_as_string = E'\\u0001\\u2028 😀'",
        "UPDATE measurement SET measurement_concept_id = 0, operator_concept_id = -2147483648",
        "TRUNCATE concept CASCADE",
    ];
    let all = [nothing_observed, nothing_measured].into_iter().chain(numbers).chain(dates);

    for statement in all.chain(others.map(str::to_owned)) {
        let api = TestApp::with_contract_data().await;
        execute(&api, &statement).await;
        // TRUNCATE … CASCADE also empties the tables that refer to concepts
        let is_gone = statement.starts_with("TRUNCATE");
        for answer in read_all(&api).await {
            let is_read = answer.status == 200 || (is_gone && !is_fault(&answer));
            assert!(is_read && !answer.json().is_null(), "{statement}: {:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_visit_with_an_infinite_date_is_a_case_without_an_age() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE visit_occurrence SET visit_start_date = 'infinity', visit_end_date = 'infinity'").await;

    let details = review(&api).await.data()["details"].take();
    let next = api.get("/api/cases", Some(&api.token_for(ALICE))).await.data();

    assert_eq!(details[0]["values"][0]["values"][0]["key"], "Gender");
    assert_eq!(next[0]["age"], "");
}

#[tokio::test]
async fn a_visit_with_an_odd_date_is_exported_without_it() {
    let api = TestApp::with_contract_data().await;

    for date in ["infinity", "-infinity", "0001-01-01 BC", "5874897-12-31"] {
        execute(&api, &format!("UPDATE visit_occurrence SET visit_start_date = '{date}'")).await;
        for resource in ["answers", "display-configs"] {
            let answer = api.get_with_key(&format!("/api/v1/export/{resource}?format=json")).await;
            let rows = answer.data();
            assert!(rows.as_array().is_some_and(|rows| !rows.is_empty()), "{resource} {date}: {:?}", answer.body);
            assert!(rows[0]["visit_start_date"].is_null(), "{resource} {date}: {}", rows[0]);
        }
    }
}
