//! `augmed compare` with the recorded responses of the old system, and with planted faults in the new one.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod copies;
mod faults;
mod journal;
mod load;
mod systems;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use http::header;
use serde_json::Value;
use tests::app::TestApp;
use tests::db::TestDb;
use tower::ServiceExt as _;

use faults::FAULTS;
use systems::{Address, Recorded, serve};
use tests::augmed::{Augmed, Run};

/// Both systems with the contract's data, and the program with their environment.
struct Systems {
    augmed: Augmed,
    /// Owns the database of both systems.
    api: TestApp,
    old: Address,
    new: Address,
}

impl Systems {
    /// Starts the recorded old system and the new one.
    async fn prepared() -> Self {
        let (augmed, api) = study().await;
        let (old, new) = (serve(Recorded::over(&api).router()).await, serve(api.service()).await);
        Self { augmed, api, old, new }
    }

    /// Starts the recorded old system, and the new one with all planted faults.
    async fn with_faults() -> Self {
        let (augmed, api) = study().await;
        let (old, new) = (serve(api.service()).await, serve(faults::planted(&api)).await);
        Self { augmed, api, old, new }
    }

    fn compare(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["compare", "--old", &self.old.url, "--new", &self.new.url, "--rate", "2000"];
        all.extend(arguments);
        if arguments.contains(&"--json") {
            all.retain(|argument| *argument != "--json");
            all.insert(0, "--json");
        }
        // this test's runtime serves the systems
        tokio::task::block_in_place(|| self.augmed.run(&all))
    }
}

async fn study() -> (Augmed, TestApp) {
    let api = TestApp::with_contract_data().await;
    let augmed = Augmed::over(TestDb::empty().await).set("DATABASE_URL", &api.db.url());
    (augmed, api)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_a_comparison_are_no_exposures() {
    let systems = Systems::prepared().await;

    systems.compare(&[]).done();

    let exposures = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM exposure").fetch_one(systems.api.pool());
    assert_eq!(exposures.await.unwrap(), 0);
}

fn differences(run: &Run) -> Vec<Value> {
    run.json()["differences"].as_array().cloned().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_differences_from_the_recording_are_explained_by_rules() {
    let systems = Systems::prepared().await;

    let run = systems.compare(&["--json"]);

    assert_eq!(run.json()["different"], 0, "{:#?}", differences(&run));
    assert_eq!(run.code, Some(0));
    let rules: BTreeSet<String> =
        run.json()["rules"].as_array().unwrap().iter().map(|rule| rule["name"].as_str().unwrap().to_owned()).collect();
    for rule in [
        "account-exists",
        "ai-score-n-a",
        "bad-input-400",
        "bad-token-401",
        "closed-admin",
        "closed-services",
        "envelope",
        "full-stop",
        "incomplete-data",
        "questionnaire-bad-token",
        "single-value",
        "skipped-assignment",
        "token-renewal",
    ] {
        assert!(rules.contains(rule), "{rule} was not applied: {rules:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_planted_fault_is_found_and_named() {
    let systems = Systems::with_faults().await;

    let run = systems.compare(&["--json", "--page", "7"]);

    assert_eq!(run.code, Some(1));
    let found = differences(&run);
    for fault in &FAULTS {
        let is_named = found.iter().any(|outcome| {
            let places = outcome["verdict"]["different"].as_array().unwrap();
            outcome["route"] == fault.route
                && outcome["about"].as_str().unwrap().contains(fault.about)
                && places.iter().any(|one| one["place"].as_str().unwrap().contains(fault.place))
        });
        assert!(is_named, "not found: {} {} {}\n{found:#?}", fault.route, fault.about, fault.place);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_token_or_value_is_shown_without_show_values() {
    let systems = Systems::with_faults().await;
    let page = systems.augmed.path("compare.html");

    let run = systems.compare(&["--html", page.to_str().unwrap(), "--journal", "compare.jsonl"]);
    let told = [
        run.stdout.clone(),
        run.stderr,
        std::fs::read_to_string(&page).unwrap(),
        std::fs::read_to_string(systems.augmed.path("compare.jsonl")).unwrap(),
    ];
    let shown = systems.compare(&["--show-values"]).stdout;

    for told in &told {
        assert!(!told.contains("@contract.test") && !told.contains("eyJ") && !told.contains("FEMALE"), "{told}");
    }
    assert!(told[2].starts_with("<!doctype html>") && !told[2].contains("http"), "the page is self-contained");
    assert!(run.stdout.contains("different: GET /api/cases"), "{}", run.stdout);
    assert!(shown.contains("cfg-other") && !run.stdout.contains("cfg-other"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_participant_who_answers_during_a_comparison_is_no_difference() {
    let (augmed, api) = study().await;
    let (old, new) = (serve(api.service()).await, serve(behind_at_first(api.service())).await);
    let systems = Systems { augmed, api, old, new };

    let run = systems.compare(&["--json", "--sample", "3"]);

    assert_eq!(run.json()["different"], 0, "{:#?}", differences(&run));
}

/// Returns a system that responds to the first request for a next case as if none were left.
fn behind_at_first(service: Router) -> Router {
    let first = Arc::new(AtomicBool::new(true));
    let answer = move |request: Request| {
        let is_behind = request.uri().path() == "/api/cases" && first.swap(false, Ordering::Relaxed);
        let service = service.clone();
        async move {
            if is_behind {
                let headers = [(header::CONTENT_TYPE, "application/json")];
                return (headers, r#"{"data": [], "error": null}"#).into_response();
            }
            service.oneshot(request).await.unwrap_or_else(|never| match never {})
        }
    };
    Router::new().fallback(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_limits_the_requests() {
    let systems = Systems::prepared().await;

    let run = systems.compare(&["--json", "--sample", "2"]);

    let routes = run.json()["routes"].as_array().cloned().unwrap();
    let reviews = routes.iter().find(|route| route["route"] == "GET /api/case-reviews/{id}").unwrap();
    let asked: u64 = ["equal", "on_purpose", "different"].iter().map(|field| reviews[*field].as_u64().unwrap()).sum();
    assert!((2..=4).contains(&asked), "{reviews}");
    assert!(reviews["new_p50_ms"].as_f64().unwrap() > 0.0);
}

/// Only commands that read; `copies.rs` tests the others.
#[tokio::test(flavor = "multi_thread")]
async fn documented_commands_work_as_printed() {
    let systems = Systems::prepared().await;
    let documents = [include_str!("../../docs/compare.md"), include_str!("../../docs/operations.md")];
    let lines = documents.iter().flat_map(|document| document.lines()).map(str::trim);
    let printed: Vec<_> = lines.filter(|line| line.starts_with("augmed compare --old ")).collect();

    for (number, command) in printed.iter().enumerate() {
        let journal = format!("compare-{number}.jsonl");
        let command = command.replace("compare.jsonl", &journal);
        let script = format!("OLD={}\nNEW={}\n{command} --rate 2000 --sample 2", systems.old.url, systems.new.url);
        let script = script.replace("--sample 20 ", "");
        tokio::task::block_in_place(|| systems.augmed.sh(&script)).done();
    }
    assert_eq!(printed.len(), 3, "{printed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_system_is_reported_at_once() {
    let systems = Systems::prepared().await;

    let run = tokio::task::block_in_place(|| {
        systems.augmed.run(&["compare", "--old", "http://127.0.0.1:1", "--new", &systems.new.url])
    });

    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("the system of --old does not answer"), "{}", run.stderr);
}
