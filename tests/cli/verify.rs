//! `augmed study verify` detects changes of a sealed study.

use std::fs;

use serde_json::json;

use crate::seal::study;

/// An unreachable database, because verifying must not need one.
const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/none";

#[tokio::test]
async fn changed_added_and_lost_files_are_named_without_a_database() {
    let augmed = study().await;
    augmed.run(&["study", "seal", "sealed"]).done();
    let augmed = augmed.set("DATABASE_URL", NO_DATABASE);
    let untouched = augmed.run(&["study", "verify", "sealed"]).done();
    assert!(untouched.stdout.contains(" files are as they were sealed"), "{untouched:?}");

    let answers = fs::read_to_string(augmed.path("sealed/answers.json")).unwrap();
    augmed.file("sealed/answers.json", answers.replacen("true", "fals", 1));
    augmed.file("sealed/notes.txt", "mine");
    fs::remove_file(augmed.path("sealed/runs.json")).unwrap();
    let run = augmed.run(&["--json", "study", "verify", "sealed"]);

    let found = run.json();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(found["changed"], json!(["answers.json"]));
    assert_eq!((&found["added"], &found["lost"]), (&json!(["notes.txt"]), &json!(["runs.json"])));
}

#[tokio::test]
async fn a_changed_entry_of_the_audit_trail_breaks_the_chain_at_its_position() {
    let augmed = study().await;
    augmed.run(&["users", "invite", "third@study.test"]).done();
    augmed.run(&["study", "seal", "sealed"]).done();
    let trail = fs::read_to_string(augmed.path("sealed/audit-trail.jsonl")).unwrap();
    let entries = trail.lines().count();
    let last = trail.lines().last().unwrap();

    for (changed, said) in [
        (
            trail.replace(last, &last.replace("accounts.invite", "accounts.activate")),
            format!("entry {entries} does not follow"),
        ),
        (
            trail.replace(&format!("{last}\n"), ""),
            format!("has {} entries and a different last hash; {entries} were sealed", entries - 1),
        ),
    ] {
        augmed.file("sealed/audit-trail.jsonl", changed);
        let run = augmed.run(&["study", "verify", "sealed"]);
        assert!(run.code == Some(1) && run.stdout.contains(&said), "{said}: {run:?}");
    }
}

#[tokio::test]
async fn only_the_signing_key_verifies() {
    let augmed = study().await;
    augmed.run(&["study", "seal", "sealed", "--key", "key.pem"]).done();
    augmed.run(&["study", "seal", "unsigned"]).done();

    for (arguments, code, said) in [
        (&["sealed", "--key", "public.pem"][..], 0, "good: the signature matches this key"),
        (&["sealed", "--key", "key.pem"], 0, "good: the signature matches this key"),
        (&["sealed"], 0, "note: there is a signature; --key checks it"),
        (&["sealed", "--key", "other.pem"], 1, "wrong: the signature does not match this manifest and key"),
        (&["unsigned", "--key", "public.pem"], 1, "wrong: there is no signature"),
    ] {
        let run = augmed.run(&[&["study", "verify"], arguments].concat());
        assert!(run.code == Some(code) && run.stdout.contains(said), "{arguments:?}: {run:?}");
    }
}

#[tokio::test]
async fn a_replaced_manifest_is_detected_by_the_signature_and_by_the_noted_hash() {
    let augmed = study().await;
    let noted = augmed.run(&["--json", "study", "seal", "sealed", "--key", "key.pem"]).done().json();
    let noted = noted["manifest_sha256"].as_str().unwrap();
    augmed.run(&["study", "verify", "sealed", "--manifest", noted]).done();
    let manifest = fs::read_to_string(augmed.path("sealed/manifest.json")).unwrap();
    augmed.file("sealed/manifest.json", format!("{manifest} "));

    let by_key = augmed.run(&["study", "verify", "sealed", "--key", "public.pem"]);
    let by_hash = augmed.run(&["study", "verify", "sealed", "--manifest", noted]);

    assert!(by_key.stdout.contains("wrong: the signature does not match this manifest"), "{by_key:?}");
    assert!(by_hash.stdout.contains("wrong: the manifest was replaced"), "{by_hash:?}");
    assert_eq!((by_key.code, by_hash.code), (Some(1), Some(1)));
}
