//! The routes of the API, from the router itself.

use std::collections::BTreeSet;

use axum::body::Body;
use http::{Request, StatusCode};
use regex_lite::Regex;

use crate::app::TestApp;

/// Returns `GET /api/cases` and so on. Only the router's `Debug` form lists paths; an unsupported method makes each path list its methods.
///
/// # Panics
///
/// If a path does not respond with 405 and `Allow`.
pub async fn of_the_router(api: &TestApp) -> BTreeSet<String> {
    let paths = Regex::new(r#"RouteId\(\d+\): "([^"]+)""#).expect("a constant pattern");
    let debug = format!("{:?}", server::router());
    let (listing, _fallbacks) = debug.split_once("fallback_router").expect("routes before fallbacks");
    let mut routes = BTreeSet::new();
    for path in paths.captures_iter(listing).map(|found| found[1].to_owned()) {
        let request = Request::builder().method("PURGE").uri(path.replace(['{', '}'], "x")).body(Body::empty());
        let refusal = api.send(request.expect("a path")).await;
        assert_eq!(refusal.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let methods = refusal.header("allow").split(',').filter(|method| !matches!(*method, "" | "HEAD"));
        routes.extend(methods.map(|method| format!("{method} {path}")));
    }
    routes
}
