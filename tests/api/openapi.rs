use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use regex_lite::Regex;
use serde_json::Value;
use tests::app::TestApp;
use tests::routes;

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

/// Returns the described routes in the form of [`routes::of_the_router`].
fn described() -> BTreeSet<String> {
    let paths = document()["paths"].as_object().unwrap().clone();
    let routes = |(path, item): (String, Value)| {
        let methods: Vec<_> = item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
        methods.into_iter().map(move |method| format!("{method} {path}"))
    };
    paths.into_iter().flat_map(routes).collect()
}

#[test]
fn docs_api_is_up_to_date() {
    let document = openapi::document();

    let is_current = openapi::JSON.trim_end() == document.to_pretty_json().unwrap()
        && openapi::PAGE == openapi::page(&document).unwrap();

    assert!(is_current, "run: cargo run --package tests --bin write-api-docs");
}

#[tokio::test]
async fn routes_and_descriptions_match() {
    assert_eq!(routes::of_the_router(&TestApp::start().await).await, described());
}

#[test]
fn every_operation_has_an_id_a_summary_and_a_listed_tag() {
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
async fn the_page_shows_every_operation_and_is_self_contained() {
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
    assert!(html.len() < 700_000, "{} bytes: a function's response has at most 1 MB", html.len());
}

/// Returns the operations by their ids.
fn operations(document: &Value) -> BTreeMap<&str, &Value> {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    operations.map(|operation| (operation["operationId"].as_str().unwrap(), operation)).collect()
}

/// Returns whether an operation has this parameter.
fn takes(operation: &Value, name: &str, location: Option<&str>) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|known| known["name"] == name && location.is_none_or(|location| known["in"] == location))
}

/// Returns whether values of `schema` have something at these steps of a JSON pointer.
fn has(document: &Value, schema: &Value, steps: &[&str]) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return has(document, document.pointer(reference.trim_start_matches('#')).unwrap(), steps);
    }
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().any(|part| has(document, part, steps));
    }
    match steps {
        [] => schema.is_object(),
        ["0", rest @ ..] => has(document, &schema["items"], rest),
        [name, rest @ ..] => has(document, &schema["properties"][name], rest),
    }
}

/// Returns the runtime expressions in the body that a link sends.
fn expressions(body: &Value) -> Vec<&str> {
    match body {
        Value::Array(items) => items.iter().flat_map(expressions).collect(),
        Value::Object(fields) => fields.values().flat_map(expressions).collect(),
        _ => body.as_str().into_iter().collect(),
    }
}

#[test]
fn every_link_passes_existing_values_to_existing_parameters() {
    let document = document();
    let operations = operations(&document);
    let mut count = 0;
    for (id, operation) in &operations {
        for response in operation["responses"].as_object().unwrap().values() {
            let body = &response["content"]["application/json"]["schema"];
            let exists = |value: &&str| match (value.strip_prefix("$request.path."), value.split_once("body#/")) {
                (Some(parameter), _) => takes(operation, parameter, Some("path")),
                (_, Some(("$response.", pointer))) => has(&document, body, &pointer.split('/').collect::<Vec<_>>()),
                _ => false,
            };
            for link in response["links"].as_object().into_iter().flat_map(serde_json::Map::values) {
                let parameters = link["parameters"].as_object().into_iter().flatten();
                let target = operations[link["operationId"].as_str().unwrap()];
                assert!(parameters.clone().all(|(name, _)| takes(target, name, None)), "{id}: {link}");
                let values = parameters.map(|(_, value)| value).chain([&link["requestBody"]]);
                let values: Vec<_> = values.flat_map(expressions).collect();
                assert!(values.iter().all(exists), "{id}: {link}");
                count += values.len();
            }
        }
    }
    assert!(count > 20, "{count} values are passed on");
}

/// Operations with an id in their path need a link that provides it.
#[test]
fn every_operation_with_an_id_is_the_target_of_a_link() {
    let document = document();
    let operations = operations(&document);
    let responses = operations.values().flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let links = responses.flat_map(|response| response["links"].as_object().into_iter().flatten());
    let reached: BTreeSet<&str> = links.map(|(_, link)| link["operationId"].as_str().unwrap()).collect();

    let on_something = operations.iter().filter(|(_, operation)| {
        operation["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["in"] == "path")
    });
    let missed: Vec<_> = on_something.filter(|(id, _)| !reached.contains(*id)).collect();
    assert!(missed.is_empty(), "no link leads to {missed:?}");
}
