use super::{assert_refused, field};
use tests::augmed::Augmed;

#[tokio::test]
async fn ambiguous_dates_are_refused_with_their_place() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;

    let run = augmed.run(&["load", "clinical", &field("D03"), "--check"]);

    let places = [
        "line 2, column visit_start_date: is not a date",
        "line 2, column visit_start_datetime: is not a date and time",
        "line 2, column visit_end_date: is not a date",
        "line 3, column visit_start_date",
        "line 3, column visit_end_date",
        "line 4, column visit_start_date",
        "line 4, column visit_end_date",
        "7 errors; nothing was loaded",
    ];
    assert_refused(&run, &places);
    assert!(!run.stderr.contains("infinity") && !run.stderr.contains("3/4/26"), "a value is shown: {run:?}");
}

#[tokio::test]
async fn dates_of_a_vocabulary_are_parsed_as_strictly() {
    let augmed = Augmed::new().await;
    for (date, is_right) in
        [("19700101", true), ("1970-01-01", true), ("1/1/70", false), ("now", false), ("700101", false)]
    {
        let row = format!("9\tx\tMetadata\tNone\tUndefined\t\tx\t{date}\t20991231\t\n");
        let header = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n";
        let directory = augmed.directory("vocabulary", &[("CONCEPT.csv", format!("{header}{row}").as_bytes())]);

        let run = augmed.run(&["load", "vocabulary", &directory, "--check"]);

        assert_eq!(run.code == Some(0), is_right, "{date}: {run:?}");
        assert!(
            is_right || run.stderr.contains("CONCEPT.csv: line 2, column valid_start_date: is not a date"),
            "{run:?}"
        );
    }
}

#[tokio::test]
async fn since_is_an_iso_8601_date() {
    let augmed = Augmed::new().await;
    for text in ["3/4/26", "now", "2026-W10-1", "12026-03-03", "2026-03-01x10:00", "45719"] {
        let run = augmed.run(&["export", "answers", "--since", text]);

        assert!(run.code == Some(2) && run.stderr.contains("not a date or time of ISO 8601"), "{text}: {run:?}");
    }
    augmed.run(&["export", "answers", "--since", "2026-03-01T10:00:00+02:00"]).done();
}
