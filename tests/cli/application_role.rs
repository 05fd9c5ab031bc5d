//! `augmed` with the application role, and its commands that need the owner.

use tests::db::TestDb;

use tests::augmed::{Augmed, PAGE_CONFIG};

const PERSON: &[u8] = b"person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n7,0,1960,0,0\n";

/// Returns the program with only the service's database URL.
async fn of_the_service(augmed: Augmed) -> Augmed {
    let url = augmed.db.application_url().await;
    augmed.set("DATABASE_URL", &url)
}

#[tokio::test]
async fn the_application_role_is_enough_to_run_a_study() {
    let augmed = of_the_service(Augmed::with_study().await).await;
    let assignments =
        augmed.file("a.csv", "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n");

    for arguments in [
        &["users", "list"][..],
        &["users", "invite", "c@study.test"],
        &["users", "deactivate", "c@study.test"],
        &["users", "withdraw", "c@study.test"],
        &["page-config", "show"],
        &["questionnaire", "show"],
        &["assignments", "upload", &assignments],
        &["assignments", "list"],
        &["assignments", "clear", "--user", "a@study.test", "--yes"],
        &["progress"],
        &["case", "paths", "101"],
        &["export", "answers"],
        &["export", "analysis"],
        &["study", "codebook"],
    ] {
        augmed.run(arguments).done();
    }
}

#[tokio::test]
async fn commands_that_need_more_rights_say_so_and_work_as_the_owner() {
    let augmed = of_the_service(Augmed::over(TestDb::new().await)).await;
    let page = augmed.file("page_config.json", PAGE_CONFIG);
    let files = augmed.directory("clinical", &[("person.csv", PERSON)]);
    let commands = [
        &["page-config", "set", &page][..],
        &["load", "clinical", &files],
        &["study", "seal", "sealed"],
        &["migrate", "status"],
        &["migrate", "up"],
    ];

    for arguments in commands {
        let run = augmed.run(arguments);
        assert!(run.code == Some(1) && run.stderr.contains("DATABASE_OWNER_URL"), "{arguments:?}: {run:?}");
    }
    let owner = augmed.db.url();
    let augmed = augmed.set("DATABASE_OWNER_URL", &owner);
    for arguments in commands {
        augmed.run(arguments).done();
    }
    assert!(augmed.run(&["migrate", "up"]).stdout.contains("application role augmed_test_application: already exists"));
}
