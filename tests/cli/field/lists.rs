use serde_json::json;

use super::{assert_refused, count, field};
use tests::augmed::Augmed;

#[tokio::test]
async fn every_address_of_a_list_is_invited() {
    for (file, invited) in [("D09/11_list_commas.csv", 2), ("D11/participants_cr.csv", 1)] {
        let augmed = Augmed::new().await;

        let run = augmed.run(&["--json", "users", "invite", "--file", &field(file)]).done();

        assert_eq!(run.json().as_array().unwrap().len(), invited, "{run:?}");
        assert_eq!(count(&augmed, "\"user\"").await, i64::try_from(invited).unwrap());
    }
    let augmed = Augmed::new().await;
    let named = augmed.file("list.txt", "a@study.test, Ada\n");
    assert_refused(&augmed.run(&["users", "invite", "--file", &named]), &["row 1: column email"]);
    assert_eq!(count(&augmed, "\"user\"").await, 0);
}

#[tokio::test]
async fn empty_columns_and_rows_at_the_end_are_ignored() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let person = std::fs::read_to_string(field("D10/person.csv")).unwrap();
    let with_a_value = augmed.directory("odd", &[("person.csv", person.replace("0,0,,", "0,0,,x").as_bytes())]);

    let loaded = augmed.run(&["--json", "load", "clinical", &field("D10"), "--check"]).done().json();
    let odd = augmed.run(&["load", "clinical", &with_a_value]);

    assert_eq!((&loaded["tables"][0]["rows"], &loaded["tables"][0]["ignored_columns"]), (&json!(1), &json!([])));
    assert_refused(&odd, &["person.csv: line 2: has 7 cells, but the header 5"]);
}

#[tokio::test]
async fn lines_that_end_with_a_carriage_return_are_counted_correctly() {
    let augmed = Augmed::new().await;

    let run = augmed.run(&["load", "clinical", &field("D11")]);

    assert_refused(&run, &["person.csv: line 3, column year_of_birth: is not an integer"]);
}

#[tokio::test]
async fn an_unclosed_quote_is_reported_with_its_line() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let header = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n";
    let rows = "900,0,1950,0,0,\"x\n901,0,1950,0,0,y\n";
    let directory = augmed.directory("omop", &[("person.csv", format!("{header}{rows}").as_bytes())]);

    let run = augmed.run(&["load", "clinical", &directory]);

    assert_refused(&run, &["person.csv: line 2: this quote is never closed"]);
}

#[tokio::test]
async fn participants_of_prolific_are_invited_by_id() {
    let augmed = Augmed::new().await;
    let ids: Vec<String> = (0..20).map(|number| format!("5f0000000000000000000{number:03}")).collect();
    let rows = ids.iter().map(|id| format!("sub,{id},APPROVED\n")).collect::<Vec<_>>().concat();
    let file = augmed
        .file("prolific.csv", format!("Submission id,Participant id,Status\n{rows}sub,CONSENT_REVOKED,RETURNED\n"));
    let invite = |seed: &str| {
        let run =
            augmed.run(&["--json", "users", "invite", "--prolific", &file, "--sample", "5", "--seed", seed]).done();
        run.json().as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let (first, again, other) = (invite("a"), invite("a"), invite("b"));

    assert_eq!((first.len(), &first), (5, &again));
    assert_ne!(first, other);
    assert!(first.iter().all(|email| ids.iter().any(|id| *email == format!("{id}@email.prolific.com"))), "{first:?}");
    let bad = augmed.file("bad.csv", "Participant id\nhello world\n");
    assert_refused(&augmed.run(&["users", "invite", "--prolific", &bad]), &["row 2: column Participant id"]);
}

#[tokio::test]
async fn clear_can_keep_the_assignments_of_some_people() {
    let augmed = Augmed::with_study().await;
    let rows = "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\nb@study.test,101,BACKGROUND.Family History.Diabetes: No\n";
    augmed.run(&["assignments", "upload", &augmed.file("all.csv", rows)]).done();

    let typo = augmed.run(&["assignments", "clear", "--yes", "--keep", &augmed.file("typo.csv", "a@study.tset\n")]);
    augmed.run(&["assignments", "clear", "--yes", "--keep", &augmed.file("keep.csv", "a@study.test\n")]).done();

    assert_refused(&typo, &["row 1: this address has no assignment; nothing was removed"]);
    assert_eq!(count(&augmed, "display_config WHERE user_email = 'a@study.test'").await, 1);
    assert_eq!(count(&augmed, "display_config").await, 1);
}
