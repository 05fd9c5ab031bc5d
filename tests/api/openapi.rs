use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use regex_lite::Regex;
use serde_json::Value;
use shared::db::Deployment;
use shared::{App, Config};
use tests::app::{TestApp, environment};
use tower::ServiceExt as _;

type Routes = BTreeMap<String, BTreeSet<String>>;

fn document() -> Value {
    serde_json::to_value(openapi::document()).unwrap()
}

fn described() -> Routes {
    let paths = document()["paths"].as_object().unwrap().clone();
    let methods = |item: Value| item.as_object().unwrap().keys().map(|method| method.to_uppercase()).collect();
    paths.into_iter().map(|(path, item)| (path, methods(item))).collect()
}

/// The paths of a router, which only its `Debug` lists, and the methods that each allows.
async fn routed() -> Routes {
    let config = Config::from_environment(&environment("postgres://nobody@127.0.0.1:1/nothing")).unwrap();
    let app = App::new(&config, Deployment::Container { max_connections: 1 }).unwrap();
    let router: Router = server::router().with_state(app);
    let debug = format!("{router:?}");
    let (listed, _fallbacks) = debug.split_once("fallback_router").unwrap();
    let paths: BTreeSet<String> = Regex::new(r#"RouteId\(\d+\): "([^"]+)""#)
        .unwrap()
        .captures_iter(listed)
        .map(|path| path[1].to_owned())
        .collect();
    let mut routes = Routes::new();
    for path in paths {
        let request =
            Request::builder().method(Method::from_bytes(b"PURGE").unwrap()).uri(path.replace(['{', '}'], ""));
        let refused = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = refused.headers()["allow"].to_str().unwrap().split(',').map(|method| method.trim().to_owned());
        routes.insert(path, allowed.filter(|method| method != "HEAD").collect());
    }
    routes
}

#[tokio::test]
async fn every_route_is_described_and_every_description_has_its_route() {
    assert_eq!(routed().await, described());
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
    for path in described().keys() {
        assert!(html.contains(&format!("<span class=\"path\">{path}</span>")), "{path} is missing");
    }
    let links = Regex::new(r#"(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)"#).unwrap();
    let elsewhere = links.captures_iter(&html).map(|link| link[1].to_owned());
    assert_eq!(elsewhere.filter(|link| !link.starts_with('#')).collect::<Vec<_>>(), ["/api/openapi.json"]);
    assert!(!html.contains("<script"), "there is a script");
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(html.len() < 700_000, "{} bytes: an answer of a function is below 1 MB", html.len());
}
