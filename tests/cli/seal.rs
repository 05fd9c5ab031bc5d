//! `augmed study seal`.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor as _;
use tests::db::TestDb;

use tests::augmed::Augmed;

/// The key of the first test of RFC 8032, section 7.1, as OpenSSL writes it.
const KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PUBLIC KEY-----
";
/// The key of the second test.
const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7
-----END PRIVATE KEY-----
";

/// Creates the program with the contract's study, which has rows in every table, and with keys.
pub async fn study() -> Augmed {
    let augmed = Augmed::over(TestDb::with_contract_data().await);
    for (name, key) in [("key.pem", KEY), ("public.pem", PUBLIC_KEY), ("other.pem", OTHER_KEY)] {
        augmed.file(name, key);
    }
    augmed.run(&["users", "invite", "new@study.test"]).done();
    augmed
}

fn files(augmed: &Augmed, directory: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(augmed.path(directory)).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn data(augmed: &Augmed, file: &str) -> Vec<Value> {
    let document: Value = serde_json::from_slice(&fs::read(augmed.path(file)).unwrap()).unwrap();
    document["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn equal_states_give_equal_bytes_and_different_states_different_ones() {
    let augmed = study().await;
    let seal = |directory| augmed.run(&["--json", "study", "seal", directory, "--key", "key.pem"]).done().json();

    assert_eq!(seal("one"), seal("two"));
    assert_eq!(files(&augmed, "one"), files(&augmed, "two"));

    augmed.db.pool.execute("UPDATE answer SET ai_score_shown = NOT ai_score_shown").await.unwrap();
    seal("three");
    let (one, three) = (files(&augmed, "one"), files(&augmed, "three"));
    let differing: Vec<_> = one.iter().filter(|(name, bytes)| three[*name] != **bytes).map(|(name, _)| name).collect();
    assert_eq!(differing, ["answers.json", "manifest.json", "manifest.sig"]);
}

#[tokio::test]
async fn all_parts_of_the_study_are_in_files() {
    let augmed = study().await;

    augmed.run(&["study", "seal", "sealed"]).done();

    let manifest: Value = serde_json::from_slice(&files(&augmed, "sealed")["manifest.json"]).unwrap();
    let rows: BTreeMap<&str, u64> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["name"].as_str().unwrap(), file["rows"].as_u64().unwrap()))
        .collect();
    for (file, counted) in [
        ("answers.json", "SELECT count(*) FROM answer"),
        ("analytics.json", "SELECT count(*) FROM analytics"),
        ("display-configs.json", "SELECT count(*) FROM display_config"),
        ("assignments.json", "SELECT count(*) FROM display_config"),
        ("participants.json", r#"SELECT count(*) FROM "user" WHERE NOT admin_flag"#),
        ("questionnaires.json", "SELECT count(*) FROM answer_config"),
        ("page-configs.json", "SELECT count(*) FROM system_config"),
        ("experiments.json", "SELECT count(*) FROM experiment"),
        ("runs.json", "SELECT count(*) FROM rl_run"),
        ("versions.json", "SELECT count(*) + 1 FROM _sqlx_migrations"),
        ("audit-trail.jsonl", "SELECT count(*) FROM audit_entry WHERE resources <> '{study-seal}'"),
    ] {
        let counted: i64 = sqlx::query_scalar(counted).fetch_one(&augmed.db.pool).await.unwrap();
        assert_eq!((rows.get(file).copied(), counted > 0), (Some(u64::try_from(counted).unwrap()), true), "{file}");
    }
}

#[tokio::test]
async fn rows_equal_those_of_the_exports_with_numbers_for_participants() {
    let augmed = study().await;
    let exported = augmed.run(&["export", "answers", "--format", "json"]).done().json();
    augmed.run(&["study", "seal", "sealed"]).done();
    augmed.run(&["study", "seal", "named", "--with-addresses"]).done();

    let (sealed, named) = (data(&augmed, "sealed/answers.json"), data(&augmed, "named/answers.json"));

    assert_eq!(json!(named), exported["data"]);
    let without = |row: &Value, column: &str| {
        let mut row = row.as_object().unwrap().clone();
        row.shift_remove(column);
        row
    };
    for (sealed, named) in sealed.iter().zip(&named) {
        assert_eq!(without(sealed, "participant"), without(named, "user_email"));
        assert_eq!(sealed["participant"].is_null(), named["user_email"].is_null());
    }
    for (name, bytes) in files(&augmed, "sealed") {
        assert!(!String::from_utf8_lossy(&bytes).contains("@contract.test"), "{name} has an address");
    }
}

#[tokio::test]
async fn ids_with_an_address_are_hashes_that_are_equal_in_all_files() {
    let augmed = study().await;
    let named =
        "INSERT INTO display_config (id, user_email, case_id) VALUES ('new@study.test-7', 'new@study.test', 101);
        INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                               to_answer_open_secs, to_submit_secs, total_duration_secs)
        VALUES ('new@study.test', 'new@study.test-7', 101, now(), now(), now(), 0, 0, 0)";
    augmed.db.pool.execute(named).await.unwrap();

    augmed.run(&["study", "seal", "sealed"]).done();

    let of = |file: &str, column: &str| {
        let rows = data(&augmed, &format!("sealed/{file}.json")).into_iter().map(|row| row[column].clone());
        rows.filter(|id| id.as_str().unwrap().starts_with("id-")).collect::<Vec<_>>()
    };
    let ids = of("assignments", "config_id");
    assert_eq!((ids.len(), &ids, &ids), (1, &of("display-configs", "config_id"), &of("analytics", "case_config_id")));
    let all: Vec<u8> = files(&augmed, "sealed").into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&all).contains("study.test"));
}

#[tokio::test]
async fn all_files_are_from_one_snapshot() {
    let augmed = study().await;
    let mut lock = augmed.db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE analytics").await.unwrap();

    let sealing = augmed.command(&["study", "seal", "sealed"]).stdout(Stdio::null()).spawn().unwrap();
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'analytics'::regclass)";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&augmed.db.pool).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    augmed.run(&["users", "invite", "late@study.test"]).done();
    lock.rollback().await.unwrap();
    assert!(sealing.wait_with_output().unwrap().status.success());

    let trail = fs::read_to_string(augmed.path("sealed/audit-trail.jsonl")).unwrap();
    let participants = data(&augmed, "sealed/participants.json").len();
    let now: i64 = sqlx::query_scalar(r#"SELECT count(*) FROM "user" WHERE NOT admin_flag"#)
        .fetch_one(&augmed.db.pool)
        .await
        .unwrap();
    assert_eq!((trail.lines().count(), participants), (1, usize::try_from(now).unwrap() - 1));
}

#[tokio::test]
async fn answers_keep_their_arm_after_a_replacing_upload() {
    let augmed = Augmed::with_study().await;
    let file = "User,Case No.,Path,Experiment,Arm,Probability\na@study.test,101,BACKGROUND.Family History.Diabetes: No,exp,plain,0.5\n";
    augmed.run(&["assignments", "upload", &augmed.file("one.csv", file)]).done();
    let answer = "INSERT INTO answer (task_id, case_id, user_email, answer, experiment_id, arm, allocation_probability)
                  SELECT id, case_id, user_email, '{}', experiment_id, arm, allocation_probability FROM display_config";
    augmed.db.pool.execute(answer).await.unwrap();
    let other = augmed.file("two.csv", file.replace("plain", "other"));
    augmed.run(&["assignments", "upload", "--replace", "--yes", &other]).done();

    augmed.run(&["study", "seal", "sealed"]).done();

    let (answer, assignment) = (&data(&augmed, "sealed/answers.json")[0], &data(&augmed, "sealed/assignments.json")[0]);
    assert_eq!((&answer["arm"], &answer["allocation_probability"]), (&json!("plain"), &json!(0.5)));
    assert_eq!(assignment["arm"], "other");
    let trail = fs::read_to_string(augmed.path("sealed/audit-trail.jsonl")).unwrap();
    assert!(trail.contains("assignments.replace"), "{trail}");
}

#[tokio::test]
async fn sealing_is_recorded_and_refuses_invalid_arguments() {
    let augmed = study().await;
    augmed.directory("full", &[("mine.txt", b"mine")]);
    augmed.directory("empty", &[]);

    augmed.run(&["study", "seal", "empty"]).done();
    assert_eq!(augmed.audited().await.last().unwrap(), &("cli".to_owned(), "data.export".to_owned()));
    for (arguments, said) in [
        (&["full"][..], "full: not empty"),
        (&["empty"], "empty: not empty"),
        (&["new", "--key", "public.pem"], "public.pem: not an Ed25519 private key"),
        (&["missing/new"], "missing: "),
    ] {
        let run = augmed.run(&[&["study", "seal"], arguments].concat());
        assert!(run.code == Some(1) && run.stderr.contains(said), "{arguments:?}: {run:?}");
    }
    augmed.db.pool.execute("ALTER TABLE analytics RENAME COLUMN to_submit_secs TO gone").await.unwrap();
    assert_eq!(augmed.run(&["study", "seal", "new"]).code, Some(1));
    let left = fs::read_dir(augmed.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(left.into_iter().all(|name| name != "new" && !name.contains("unfinished")));
}
