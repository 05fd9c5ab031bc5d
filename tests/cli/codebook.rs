//! `augmed study codebook`.

use std::collections::HashSet;

use csv::{Reader, StringRecord};
use sqlx::Executor as _;

use tests::augmed::{Augmed, Run};

const QUESTIONS: &str = r#"[{"type": "SingleChoice", "title": "Risk?", "options": ["Low", "Moderate", "High"]},
    {"type": "SingleChoice", "title": "What next?", "options": ["Letter", "Call"]}, {"type": "Paragraph", "title": "Why | how?"}]"#;

async fn study() -> Augmed {
    let augmed = Augmed::with_study().await;
    augmed.run(&["questionnaire", "set", &augmed.file("questions.json", QUESTIONS)]).done();
    augmed
}

fn rows(run: &Run) -> Vec<StringRecord> {
    Reader::from_reader(run.stdout.as_bytes()).records().map(Result::unwrap).collect()
}

#[tokio::test]
async fn every_column_of_every_export_is_described() {
    let augmed = study().await;
    let book = rows(&augmed.run(&["study", "codebook", "--format", "csv"]).done());
    for (export, command) in [
        ("analysis", &["export", "analysis"][..]),
        ("answers", &["export", "answers", "--format", "csv"]),
        ("analytics", &["export", "analytics"]),
        ("participants", &["export", "participants"]),
        ("display_configs", &["export", "assignments"]),
        ("exposures", &["export", "exposures"]),
        ("uploadable", &["assignments", "export"]),
    ] {
        let header = augmed.run(command).done().stdout;
        let header: Vec<_> =
            Reader::from_reader(header.as_bytes()).headers().unwrap().iter().map(str::to_owned).collect();

        let described: Vec<_> = book.iter().filter(|row| &row[0] == export).map(|row| row[1].to_owned()).collect();

        assert_eq!(described, header, "{export}");
    }
    let empty: Vec<_> = book.iter().filter(|row| row[2].is_empty() || row[4].is_empty()).collect();
    assert!(empty.is_empty(), "without a type or meaning: {empty:?}");
}

#[tokio::test]
async fn a_question_has_its_text_and_the_values_of_its_options() {
    let augmed = study().await;

    let book = rows(&augmed.run(&["study", "codebook", "--format", "csv"]).done());

    let of = |column: &str| {
        book.iter()
            .find(|row| &row[1] == column)
            .map(|row| (row[2].to_owned(), row[3].to_owned(), row[5].to_owned(), row[6].to_owned()))
            .unwrap()
    };
    let texts = |texts: [&str; 4]| texts.map(str::to_owned).into();
    assert_eq!(of("Risk?"), texts(["whole number", "", "Risk?", "2 = Low; 3 = Moderate; 4 = High"]));
    assert_eq!(of("What next?"), texts(["text", "", "What next?", "Letter; Call"]));
    assert_eq!(of("to_submit_secs"), texts(["number", "s", "", ""]));
}

#[tokio::test]
async fn the_page_has_a_table_for_each_export_and_the_arms() {
    let augmed = study().await;
    let assigned = "INSERT INTO display_config (id, user_email, case_id, experiment_id, arm, allocation_probability)
                    VALUES ('1', 'a@study.test', 101, 'exp', 'plain', 0.25), ('2', 'b@study.test', 101, 'exp', 'plain', 0.5)";
    augmed.db.pool.execute(assigned).await.unwrap();

    augmed.run(&["study", "codebook", "--output", "codebook.md"]).done();

    let page = std::fs::read_to_string(augmed.path("codebook.md")).unwrap();
    for line in [
        "| `Risk?` | whole number |  | the number of the option that was chosen | Risk? | 2 = Low; 3 = Moderate; 4 = High |",
        r"| `Why \| how?` | text |  | what was written | Why \| how? |  |",
        "| exp | plain | 2 | 0 | 0.25 to 0.5 |",
        "`augmed export analytics`",
    ] {
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
}

#[tokio::test]
async fn the_redcap_dictionary_has_18_columns_and_valid_names() {
    let augmed = study().await;

    let run = augmed.run(&["study", "codebook", "--format", "redcap"]).done();

    let dictionary = rows(&run);
    assert!(
        run.stdout.starts_with("Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"),
        "{run:?}"
    );
    let is_taken = |name: &str| name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_');
    let names: HashSet<&str> = dictionary.iter().map(|row| &row[0]).filter(|name| is_taken(name)).collect();
    assert_eq!(names.len(), dictionary.len());
    assert!(dictionary.iter().all(|row| row.len() == 18));
    let of = |name: &str| dictionary.iter().find(|row| &row[0] == name).unwrap();
    assert_eq!((&of("analysis_risk")[3], &of("analysis_risk")[5]), ("radio", "2, Low | 3, Moderate | 4, High"));
    assert_eq!((&of("answers_user_email")[10], &of("analysis_age")[7]), ("y", "integer"));
}

#[tokio::test]
async fn a_question_with_several_choices_is_no_radio_button_in_redcap() {
    let augmed = Augmed::with_study().await;
    let questions = r#"[{"type": "MultipleChoice", "title": "Signs?", "options": ["1 - pain", "2 - blood"]}]"#;
    augmed.run(&["questionnaire", "set", &augmed.file("questions.json", questions)]).done();

    let dictionary = rows(&augmed.run(&["study", "codebook", "--format", "redcap"]).done());

    let signs = dictionary.iter().find(|row| &row[0] == "analysis_signs").unwrap();
    assert_eq!((&signs[3], &signs[5]), ("text", ""));
    assert!(signs[6].ends_with("several are separated by ;: 1 - pain; 2 - blood"), "{signs:?}");
}

#[tokio::test]
async fn a_file_name_without_a_format_is_refused() {
    let augmed = study().await;
    for arguments in [&["--output", "codebook.xlsx"][..], &["--json"]] {
        assert_eq!(augmed.run(&[&["study", "codebook"], arguments].concat()).code, Some(2), "{arguments:?}");
    }
}
