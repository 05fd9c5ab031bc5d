//! `augmed compare --on-copies` and `--mix`: the new server over two databases, with and without planted faults.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::header;
use local::postgres::{Config, Server};
use tests::app::TestApp;
use tests::db::TestDb;
use tests::free_port::free_port;
use tests::open_directory::open_directory;
use tower::ServiceExt as _;

use crate::differences;
use crate::systems::{Address, serve};
use tests::augmed::{Augmed, Run};

/// Two databases with the same rows, each with a system.
struct Copies {
    augmed: Augmed,
    apps: [TestApp; 2],
    old: Address,
    old_beside_new: Address,
    new: Address,
}

impl Copies {
    /// Starts both systems; `with_fault` changes the new one.
    async fn of_the_contract(with_fault: fn(Router) -> Router) -> Self {
        let apps = [TestApp::with_contract_data().await, TestApp::with_contract_data().await];
        let [first, second] = &apps;
        let (old, old_beside_new) = (serve(first.service()).await, serve(second.service()).await);
        let new = serve(with_fault(second.service())).await;
        let augmed = Augmed::over(TestDb::empty().await)
            .set("DATABASE_URL", &second.db.url())
            .set("OLD_DATABASE_URL", &first.db.url());
        Self { augmed, apps, old, old_beside_new, new }
    }

    fn compare(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["--json", "compare", "--on-copies", "--old", &self.old.url, "--new", &self.new.url];
        all.extend(["--rate", "2000", "--sample", "4"]);
        all.extend(arguments);
        tokio::task::block_in_place(|| self.augmed.run(&all))
    }

    /// Plays a day, and a mixed one.
    async fn days(with_fault: fn(Router) -> Router) -> [Run; 2] {
        let (alone, mixed) = (Self::of_the_contract(with_fault).await, Self::of_the_contract(with_fault).await);
        let mix = ["--yes", "--mix", "monday", "--old-beside-new", &mixed.old_beside_new.url];
        [alone.compare(&["--yes"]), mixed.compare(&mix)]
    }
}

fn without_fault(service: Router) -> Router {
    service
}

/// Changes the text of the response that an assignment was stored.
fn other_words(service: Router) -> Router {
    Router::new().fallback(async move |request: Request| {
        let is_batch = request.uri().path() == "/api/v1/configs/batch" || request.uri().path() == "/api/cases";
        let response = service.oneshot(request).await.unwrap_or_else(|never| match never {});
        if is_batch { reworded(response).await } else { response }
    })
}

async fn reworded(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Response::from_parts(head, Body::from(body.replace("case_id", "case")))
}

/// Acknowledges timings without storing them.
fn forgetful(service: Router) -> Router {
    Router::new().fallback(async move |request: Request| {
        if request.uri().path() == "/api/analytics" {
            let token = request.headers()[header::AUTHORIZATION].clone();
            let headers = [(header::CONTENT_TYPE, "application/json".parse().unwrap()), (header::AUTHORIZATION, token)];
            return (headers, r#"{"data": {"id": 1}, "error": null}"#).into_response();
        }
        service.oneshot(request).await.unwrap_or_else(|never| match never {})
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_systems_have_an_equal_day() {
    for run in Copies::days(without_fault).await {
        assert_eq!(run.json()["different"], 0, "{:#?}", differences(&run));
        assert_eq!(run.code, Some(0));
        let routes = run.json()["routes"].to_string();
        for route in [
            "POST /admin/config/upload",
            "POST /admin/users",
            "POST /api/analytics",
            "POST /api/answer/{id}",
            "POST /api/auth/login",
            "POST /api/auth/reset-password",
            "POST /api/auth/signup",
            "POST /api/v1/configs/batch",
            "table answer",
            "table display_config",
        ] {
            assert!(routes.contains(route), "{route} is not part of the day: {routes}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_different_response_is_found_and_named() {
    for run in Copies::days(other_words).await {
        let found = differences(&run);
        assert_eq!(run.code, Some(1));
        assert!(found.iter().any(|one| one["route"] == "GET /api/cases"), "{found:#?}");
        assert!(found.iter().all(|one| !one["route"].as_str().unwrap().starts_with("table")), "{found:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_different_table_is_found_and_named() {
    for run in Copies::days(forgetful).await {
        let found = differences(&run);
        assert_eq!(run.code, Some(1));
        assert!(found.iter().any(|one| one["route"] == "table analytics"), "{found:#?}");
        assert!(!run.stdout.contains("@contract.test") && !run.stdout.contains("eyJ"), "{}", run.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_needs_confirmation_and_two_databases() {
    let copies = Copies::of_the_contract(without_fault).await;

    let unasked = copies.compare(&[]);
    let augmed = copies.augmed;
    let url = copies.apps[0].db.url();
    let augmed = augmed.set("DATABASE_URL", &url);
    let arguments = ["compare", "--on-copies", "--old", &copies.old.url, "--new", &copies.new.url, "--yes"];
    let one = tokio::task::block_in_place(|| augmed.run(&arguments));

    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    assert!(unasked.stderr.contains("every assignment"), "{}", unasked.stderr);
    assert_eq!(one.code, Some(1));
    assert!(one.stderr.contains("are the same database"), "{}", one.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_over_a_socket_and_over_tcp_is_one_database() {
    let copies = Copies::of_the_contract(without_fault).await;
    let port = free_port().to_string();
    let directory = open_directory();
    let config = Config::test(directory.path()).settings(&[("listen_addresses", "127.0.0.1"), ("port", &port)]);
    let server = tokio::task::block_in_place(|| Server::start(&config)).unwrap();
    let over_tcp = format!("postgresql://postgres@127.0.0.1:{port}/postgres");
    let augmed = copies.augmed.set("DATABASE_URL", &server.url("postgres")).set("OLD_DATABASE_URL", &over_tcp);
    let compare = ["compare", "--on-copies", "--old", &copies.old.url, "--new", &copies.new.url, "--yes"];

    tokio::task::block_in_place(|| augmed.run(&["migrate", "up"])).done();
    let run = tokio::task::block_in_place(|| augmed.run(&compare));
    tokio::task::block_in_place(|| server.stop()).unwrap();

    assert!(run.code == Some(1) && run.stderr.contains("are the same database"), "{run:?}");
}
