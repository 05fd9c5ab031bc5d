//! Serving a built frontend (`FRONTEND_DIRECTORY`).

use std::fs;

use crate::process::Server;

/// No request of these tests reaches the database.
const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/nothing";

async fn get(server: &Server, path: &str) -> String {
    let mut connection = server.connect().await;
    connection.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await;
    connection.rest().await
}

#[tokio::test]
async fn other_paths_than_the_apis_are_files_or_pages() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "the index").unwrap();
    fs::write(folder.path().join("app.js"), "the code").unwrap();
    let variables = [("FRONTEND_DIRECTORY", folder.path().to_str().unwrap())];
    let server = Server::start_with(NO_DATABASE, &variables).await;

    for (path, status, part) in [
        ("/", 200, "the index"),
        ("/admin/rl", 200, "the index"),
        ("/app.js", 200, "the code"),
        ("/../Cargo.toml", 200, "the index"),
        ("/api/healthcheck", 200, "OK"),
        ("/api/no-such-route", 404, "error"),
        ("/admin/users", 401, "error"),
    ] {
        let answer = get(&server, path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(part), "{path}: {answer}");
    }
}

#[tokio::test]
async fn without_an_index_there_is_only_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("FRONTEND_DIRECTORY", folder.path().to_str().unwrap())];
    let server = Server::start_with(NO_DATABASE, &variables).await;

    assert!(get(&server, "/").await.starts_with("HTTP/1.1 404 "));
    assert!(get(&server, "/api/healthcheck").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn files_have_the_security_headers_and_are_revalidated() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("index.html"), "the index").unwrap();
    let variables = [("FRONTEND_DIRECTORY", folder.path().to_str().unwrap())];
    let server = Server::start_with(NO_DATABASE, &variables).await;

    let mut connection = server.connect().await;
    let request = "GET / HTTP/1.1\r\nhost: localhost\r\nx-forwarded-proto: https\r\nconnection: close\r\n\r\n";
    connection.send(request).await;
    let encrypted = connection.rest().await;
    let plain = get(&server, "/").await;

    for answer in [&encrypted, &plain] {
        assert!(answer.contains("x-content-type-options: nosniff\r\n"), "{answer}");
        assert!(answer.contains("cache-control: no-cache\r\n"), "{answer}");
    }
    assert!(encrypted.contains("strict-transport-security: max-age="), "{encrypted}");
    assert!(!plain.contains("strict-transport-security"), "{plain}");
}
