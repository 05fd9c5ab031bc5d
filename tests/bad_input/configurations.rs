use case_reviews::CaseReview;
use case_reviews::preview::Cases;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::{Value, json};
use shared::page_config::PageConfig;
use tests::app::TestApp;
use tokio::runtime::Runtime;

use crate::check;
use crate::json::{garbled, like, value};

const NAMES: &[&str] = &[
    "path",
    "style",
    "collapse",
    "highlight",
    "top",
    "BACKGROUND",
    "PATIENT COMPLAINT",
    "PHYSICAL EXAMINATION",
    "RISK ASSESSMENT",
    "Family History",
    "Chief Complaint",
    "Vital Signs",
];
/// A case of the fixture with something in every section.
const CASE: i32 = 1;

/// Generates JSON texts that may be stored as a configuration.
fn stored(example: &Value) -> BoxedStrategy<String> {
    let garbled =
        garbled(example.to_string().into_bytes()).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let text = |value: Value| value.to_string();
    prop_oneof![3 => like(example.clone(), NAMES).prop_map(text), 1 => value(NAMES).prop_map(text), 2 => garbled]
        .boxed()
}

pub fn path_config() -> BoxedStrategy<String> {
    stored(&json!([
        {"path": "BACKGROUND.Family History.Cancer: Yes", "style": {"collapse": true, "highlight": true, "top": 1}},
        {"path": "PHYSICAL EXAMINATION.Vital Signs.Temperature", "style": {"top": 2.5}},
        {"path": "RISK ASSESSMENT.Colorectal Cancer Score: 7"},
        {"path": "RISK ASSESSMENT.CRC risk assessments"}]))
}

pub fn page_config() -> BoxedStrategy<String> {
    stored(&json!({
        "BACKGROUND": {"Family History": [121], "Social History": {"Smoke": [122, 123]}},
        "PATIENT COMPLAINT": {"Chief Complaint": [111]}, "PHYSICAL EXAMINATION": {"Vital Signs": [131, 132]}}))
    // unknown names are logged, and must not look like addresses
    .prop_map(|text| text.replace('@', "-"))
    .boxed()
}

fn cases() -> Cases {
    Runtime::new().unwrap().block_on(async {
        let api = TestApp::with_contract_data().await;
        Cases::load(&[CASE], &api.app.db).await.unwrap().expect("the fixture has a page configuration")
    })
}

/// Verifies that the frontend can show the review; otherwise its page would be blank (contract section 8).
fn can_be_shown(review: Option<CaseReview>) -> TestCaseResult {
    let review = serde_json::to_value(review.expect("the case exists")).unwrap();
    prop_assert!(review["details"].is_array() && review["importantInfos"].is_array(), "{review}");
    Ok(())
}

#[test]
fn every_path_config_gives_a_case_that_can_be_shown() {
    let cases = cases();

    check(path_config(), |path_config| {
        cases.is_named(CASE, &path_config);
        can_be_shown(cases.review(CASE, Some(&path_config)))
    });
}

#[test]
fn every_page_configuration_is_refused_or_gives_a_case_that_can_be_shown() {
    let cases = cases();

    check(page_config(), |page_config| {
        let Some(read) = PageConfig::parse(&page_config) else { return Ok(()) };
        prop_assert!(serde_json::from_str::<Value>(&page_config).is_ok_and(|value| value.is_object()));
        prop_assert!(read.sections.len() <= 3);
        read.chief_complaint_types();
        can_be_shown(cases.review_on(&read, CASE, None))
    });
}
