use std::collections::BTreeSet;

use http::StatusCode;
use regex_lite::Regex;
use serde_json::Value;
use tests::app::TestApp;
use tests::routes;

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

/// As [`routes::of_the_router`] has them.
fn described() -> BTreeSet<String> {
    let paths = document()["paths"].as_object().unwrap().clone();
    let routes = |(path, item): (String, Value)| {
        let methods: Vec<_> = item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| format!("{method} {path}"))
    };
    paths.into_iter().flat_map(routes).collect()
}

#[test]
fn docs_api_is_what_the_annotations_say() {
    let document = openapi::document();

    let is_current = openapi::JSON.trim_end() == document.to_pretty_json().unwrap()
        && openapi::PAGE == openapi::page(&document).unwrap();

    assert!(is_current, "run: cargo run --package tests --bin write-api-docs");
}

#[tokio::test]
async fn every_route_is_described_and_every_description_has_its_route() {
    assert_eq!(routes::of_the_router(&TestApp::start().await).await, described());
}

#[test]
fn every_operation_has_an_id_a_summary_and_a_tag_of_the_list() {
    let document = document();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(id.starts_with(&format!("{method}_")) && ids.insert(id.to_owned()), "{method} {path}: {id}");
            assert!(operation["summary"].is_string(), "{id} has no summary");
            assert!(tags.contains(&&operation["tags"][0]), "{id} has no tag of the list");
        }
    }
}

#[tokio::test]
async fn the_document_is_openapi_3_1_as_json() {
    let app = TestApp::start().await;

    let answer = app.get("/api/openapi.json", None).await;

    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.json()["openapi"], "3.1.0");
    assert_eq!(answer.json(), document());
}

#[tokio::test]
async fn the_page_shows_every_operation_and_loads_nothing() {
    let app = TestApp::start().await;

    let answer = app.get("/api/docs", None).await;

    let html = String::from_utf8(answer.body.to_vec()).unwrap().replace("&#x2f;", "/");
    for route in described() {
        let (_, path) = route.split_once(' ').unwrap();
        assert!(html.contains(&format!("<span class=\"path\">{path}</span>")), "{path} is missing");
    }
    let links = Regex::new(r#"(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)"#).unwrap();
    let elsewhere = links.captures_iter(&html).map(|link| link[1].to_owned());
    assert_eq!(elsewhere.filter(|link| !link.starts_with('#')).collect::<Vec<_>>(), ["/api/openapi.json"]);
    assert!(!html.contains("<script"), "there is a script");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(html.len() < 700_000, "{} bytes: an answer of a function is below 1 MB", html.len());
}
