use super::*;

const METADATA: &str = "Start,First,\"Your\nmail?\",Years?,Role?\n\"{\"\"ImportId\"\":\"\"s\"\"}\",{},{},{},{}\n";

fn survey(people: &str) -> String {
    format!("StartDate,RecipientFirstName,Q1,Q2,Q3\n{METADATA}{people}")
}

#[test]
fn questions_are_joined_by_the_column_of_addresses() {
    let text = survey(
        "2026,Ada, A@Study.test ,5,Nurse\n2026,Bo,b@study.test,7,\"Physician, GP\"\n2027,Ada,a@study.test,9,x\n",
    );

    let survey = Survey::parse(&text, None, &[]).unwrap();

    assert_eq!(survey.columns, ["Q2", "Q3"]);
    assert_eq!((survey.of("a@study.test").unwrap(), survey.people()), (&vec!["5".to_owned(), "Nurse".to_owned()], 2));
}

#[test]
fn columns_can_be_selected_and_named() {
    let survey = Survey::parse(&survey("x,Ada,a@study.test,5,Nurse\n"), Some("Q1"), &["Q3=role".to_owned()]).unwrap();

    assert_eq!(
        (survey.columns, &survey.cells["a@study.test"][..]),
        (vec!["role".to_owned()], &["Nurse".to_owned()][..])
    );
}

#[test]
fn the_survey_of_the_old_study_has_the_old_scripts_names() {
    let text = "RecipientEmail,Q3,Q22,Q22_7_TEXT,Q4,Q5,Q6,Q7\na,b,c,d,e,f,g,h\n{},{},{},{},{},{},{},{}\nx@y.test,a@study.test,Other,Pilot,5,NC,Yes,3\n";

    let survey = Survey::parse(text, None, &[]).unwrap();

    assert_eq!(survey.columns[..2], ["professional_role", "professional_role_other"]);
    assert_eq!(survey.of("a@study.test").unwrap().join("|"), "Other|Pilot|5|NC|Yes|3");
}

#[test]
fn an_address_in_a_text_of_the_old_studys_survey_is_not_joined() {
    let text = "Q3,Q22,Q22_7_TEXT,Q4,Q5,Q6,Q7\nb,c,d,e,f,g,h\n{},{},{},{},{},{},{}\na@study.test,Other,ask%20a%40study.test,5,NC,Yes,3\n";

    let survey = Survey::parse(text, None, &[]).unwrap();

    assert_eq!((&*survey.left_out, survey.columns.len()), (&["Q22_7_TEXT".to_owned()][..], 5));
    assert_eq!(survey.of("a@study.test").unwrap().join("|"), "Other|5|NC|Yes|3");
}

#[test]
fn a_survey_may_be_separated_by_semicolons_or_tabs() {
    for separator in [";", "\t"] {
        let text = "Q1,Q2\nMail?,Years?\n{},{}\na@study.test,11\n".replace(',', separator);

        let survey = Survey::parse(&text, None, &[]).unwrap();

        assert_eq!(
            (&*survey.columns, &*survey.cells["a@study.test"]),
            (&["Q2".to_owned()][..], &["11".to_owned()][..])
        );
    }
}

#[test]
fn a_column_that_contains_an_address_is_joined_only_on_request() {
    for cell in [
        "https://x.test/?email=a%40study.test",
        "https://x.test/?e=a%2540study.test",
        "mailto:a@study.test",
        "I am a@study.test.",
    ] {
        let text = survey(&format!("x,Ada,a@study.test,5,{cell}\n"));

        let by_itself = Survey::parse(&text, None, &[]).unwrap();
        let asked = Survey::parse(&text, None, &["Q3".to_owned()]).unwrap();

        assert_eq!(
            (&*by_itself.columns, &*by_itself.left_out),
            (&["Q2".to_owned()][..], &["Q3".to_owned()][..]),
            "{cell}"
        );
        assert_eq!(
            (&*asked.columns, &*asked.with_addresses),
            (&["Q3".to_owned()][..], &["Q3".to_owned()][..]),
            "{cell}"
        );
    }
}

#[test]
fn empty_columns_at_the_end_are_ignored() {
    let text = "Q1,Q2,,\na,b,,\n{},{},,\na@study.test,11,,\n,,,\n";

    assert_eq!(Survey::parse(text, None, &[]).unwrap().columns, ["Q2"]);
}

#[test]
fn an_unusable_survey_is_refused_with_the_reason() {
    let two = survey("x,Ada,a@study.test,5,boss@study.test\n");
    for (text, columns, said) in [
        ("email,role\na@study.test,x\n", &[][..], "line 2 is a person"),
        (two.as_str(), &[], "several columns hold addresses, name one by --survey-email: Q1, Q3"),
        (&survey("x,Ada,nobody,5,x\n"), &[], "no column holds addresses"),
        ("Q1|Q2\na|b\n{}|{}\na@study.test|11\n", &[], "the header is one column"),
        (&survey("x,Ada,\"a@study.test,5,x\n"), &[], "line 5: this quote is never closed"),
        ("Q1,StartDate\na,b\n{},{}\na@study.test,2026\n", &[], "has no question to join"),
        (&survey("x,Ada,a@study.test,5,x\n"), &["Q9".to_owned()], "the header has no column Q9"),
        (&survey("x,Ada,a@study.test,5,x\n"), &["Q1=mail".to_owned()], "column Q1 holds addresses"),
    ] {
        let problem = Survey::parse(text, None, columns).unwrap_err();
        assert!(problem.contains(said), "{problem}");
    }
}
