//! `augmed compare --journal`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::Systems;
use tests::augmed::Run;

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_comparison_can_continue() {
    let systems = Systems::with_faults().await;
    let journal = systems.augmed.path("compare.jsonl");
    let whole = systems.compare(&["--json", "--journal", "compare.jsonl"]);
    let lines: Vec<String> = std::fs::read_to_string(&journal).unwrap().lines().map(str::to_owned).collect();
    // interrupted while its tenth line was written
    let cut = format!("{}\n{}", lines[..9].join("\n"), &lines[9][..20]);
    std::fs::write(&journal, cut).unwrap();

    let again = systems.compare(&["--json", "--journal", "compare.jsonl"]);

    let counts = |run: &Run| ["questions", "equal", "different"].map(|field| run.json()[field].clone());
    assert_eq!(counts(&again), counts(&whole));
    let other = systems.compare(&["--journal", "compare.jsonl", "--sample", "1"]);
    assert!(other.stderr.contains("belongs to another comparison"), "{}", other.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_with_an_address_have_different_names_in_the_journal() {
    let systems = Systems::prepared().await;
    let ids = "INSERT INTO display_config (id, user_email, case_id, path_config)
               SELECT 'alice@contract.test-' || number, 'alice@contract.test', 1, '[]' FROM generate_series(1, 2) AS number";
    sqlx::query(ids).execute(systems.api.pool()).await.unwrap();

    systems.compare(&["--journal", "compare.jsonl"]);

    let journal = std::fs::read_to_string(systems.augmed.path("compare.jsonl")).unwrap();
    let outcomes = journal.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let names = outcomes.filter_map(|outcome| outcome["about"].as_str().map(str::to_owned));
    let names: BTreeSet<String> = names.filter(|name| name.contains("an address for an id")).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(!journal.contains("@contract.test"));
}
