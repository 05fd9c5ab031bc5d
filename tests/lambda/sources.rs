//! Events of all sources, sent directly to function binaries: the response does not depend on the source.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::lambda::Function;
use serde_json::{Value, json};
use tests::app;
use tests::db::TestDb;
use tests::deployed;

use crate::fixtures::{body, function, invoke};
use crate::source::{ALL, Source};

#[tokio::test]
async fn every_source_gets_a_response_in_its_format() {
    let function = function("healthcheck");

    for source in ALL {
        let answer = invoke(&function, source.fixture().to_string()).await;

        assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(false)), "{source:?}");
        assert_eq!(source.header(&answer, "content-type"), "application/json", "{source:?}: {answer}");
        assert_eq!(body(&answer)["status"], "OK", "{source:?}");
    }
    assert_eq!(function.processes().len(), 1);
}

#[tokio::test]
async fn an_odd_path_is_unknown_or_invalid_and_never_another_route() {
    let function = function("healthcheck");

    for source in ALL {
        for (path, status) in [
            ("/api/unknown", 404),
            ("/api/x/../healthcheck", 404),
            ("/api/%2e%2e/api/healthcheck", 404),
            ("//api/healthcheck", 404),
            ("/api\\healthcheck", 404),
            ("/api/health check", 400),
            ("/api/\u{7}", 400),
        ] {
            let answer = invoke(&function, source.event("GET", path, "").to_string()).await;
            assert_eq!(answer["statusCode"], status, "{source:?} {path}: {answer}");
            assert_eq!(source.header(&answer, "cache-control"), "no-store", "{source:?} {path}: {answer}");
        }
        let answer = invoke(&function, source.event("PUT", "/api/healthcheck", "").to_string()).await;
        assert_eq!((&answer["statusCode"], source.header(&answer, "allow")), (&json!(405), "GET,HEAD".to_owned()));
    }
    assert_eq!(function.processes().len(), 1);
}

#[tokio::test]
async fn hostile_events_are_refused_or_harmless_and_the_process_continues() {
    let function = function("auth-login");

    for source in ALL {
        let mut login = source.event("POST", "/api/auth/login", "");
        source.set_header(&mut login, "content-type", "application/json");
        source.set_body(&mut login, "{}", false);
        for (header, value, status) in [
            ("host", "a b<>/@:99999", 400),
            ("host", "", 400),
            ("x-forwarded-proto", "::::", 400),
            ("x-forwarded-for", "'; DROP TABLE", 400),
            ("x-evil", "line\nbreak", 400),
            ("a b", "c", 400),
        ] {
            let mut event = login.clone();
            source.set_header(&mut event, header, value);
            assert_eq!(invoke(&function, event.to_string()).await["statusCode"], status, "{source:?} {header}");
        }
        let mut event = login.clone();
        source.set_body(&mut event, "%%%", true);
        let answer = invoke(&function, event.to_string()).await;
        assert_eq!(body(&answer)["error"]["message"], "The body is not valid base64", "{source:?}");
        let mut event = login.clone();
        source.set_body(&mut event, &"[".repeat(50_000), false);
        assert_eq!(invoke(&function, event.to_string()).await["statusCode"], 400, "{source:?}");
        let wrong = source.event("GET IT", "/api/auth/login", "");
        assert_eq!(invoke(&function, wrong.to_string()).await["statusCode"], 400, "{source:?}");
    }
    assert_eq!(function.processes().len(), 1);
}

/// The password contains quotes, punctuation and letters beyond ASCII.
#[tokio::test]
async fn a_body_is_read_equally_from_every_source_as_text_and_in_base64() {
    let db = TestDb::with_contract_data().await;
    let function = deployed::function("auth-login", app::environment(&db.url()));
    let login = json!({"email": "zoe@contract.test", "password": "Zoë-pass-名前-1"}).to_string();

    for source in ALL {
        for is_base64 in [false, true] {
            let mut event = source.event("POST", "/api/auth/login", "");
            source.set_header(&mut event, "content-type", "application/json");
            let text = if is_base64 { STANDARD.encode(&login) } else { login.clone() };
            source.set_body(&mut event, &text, is_base64);

            let answer = invoke(&function, event.to_string()).await;

            assert_eq!(answer["statusCode"], 200, "{source:?} {is_base64}: {answer}");
            assert!(source.header(&answer, "authorization").starts_with("Bearer "), "{source:?}");
        }
    }
}

/// The `+` in the zone of `since` must not become a space, and an encoded `&` must not end the value.
#[tokio::test]
async fn a_query_arrives_unchanged() {
    let db = TestDb::with_contract_data().await;
    let function = deployed::function("export", app::environment(&db.url()));

    for source in ALL {
        for (query, status) in [
            ("limit=1&since=2024-05-02T00%3A00%2B02%3A00", 200),
            ("since=2024-05-02T00%3A00%26limit%3D1", 400),
            ("limit=%31&x=%25", 200),
            ("limit=1%26", 400),
            ("limit=%00", 400),
        ] {
            let answer = export(&function, source, query).await;
            assert_eq!(answer["statusCode"], status, "{source:?} {query}: {answer}");
        }
    }
}

async fn export(function: &Function, source: Source, query: &str) -> Value {
    let mut event = source.event("GET", "/api/v1/export/answers", query);
    source.set_header(&mut event, "x-api-key", app::API_KEY);
    source.set_header(&mut event, "accept-encoding", "identity");
    invoke(function, event.to_string()).await
}

/// Inserts about 3 MB of answers.
const LARGE: &str = "
    INSERT INTO answer (task_id, user_email, created_timestamp, answer)
    SELECT n, 'p1@study.test', timestamp '2025-01-01', json_build_object('text', repeat('x', 3000)) FROM generate_series(1, 1000) n";

#[tokio::test]
async fn a_large_response_is_sent_to_sources_with_a_higher_limit() {
    let db = TestDb::with_contract_data().await;
    sqlx::raw_sql(LARGE).execute(&db.pool).await.unwrap();
    let function = deployed::function("export", app::environment(&db.url()));

    for source in ALL {
        let answer = export(&function, source, "limit=10000").await;

        match source {
            Source::LoadBalancer => {
                let message = body(&answer)["error"]["message"].to_string();
                assert!(answer["statusCode"] == 413 && message.contains("(1 MB)"), "{message}");
            }
            _ => assert!(body(&answer)["data"].as_array().unwrap().len() > 1000, "{source:?}"),
        }
    }
}

#[tokio::test]
async fn a_response_beyond_lambdas_limit_is_a_413_with_a_limit_that_fits() {
    let db = TestDb::with_contract_data().await;
    sqlx::raw_sql(&LARGE.replace("1000) n", "3000) n")).execute(&db.pool).await.unwrap();
    let function = deployed::function("export", app::environment(&db.url()));

    for source in &ALL[1..] {
        let answer = export(&function, *source, "limit=10000").await;

        let message = body(&answer)["error"]["message"].to_string();
        assert!(answer["statusCode"] == 413 && message.contains("(6 MB): limit=1"), "{source:?}: {message}");
        let fits = message.split("limit=").nth(1).unwrap().split(' ').next().unwrap();
        assert_eq!(export(&function, *source, &format!("limit={fits}")).await["statusCode"], 200, "{source:?}");
    }
}
