//! Paths are never normalised: odd ones are unknown, in Lambda and in the container (decision 9).

use local::lambda::Function;
use serde_json::{Value, json};
use tests::app::environment;
use tests::{deployed, secrets};

use crate::process::Server;

/// No request of these tests reaches the database.
const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/nothing";

fn function(name: &str) -> Function {
    deployed::function(name, environment(NO_DATABASE))
}

/// Returns status and body of the function's response to an event with this path.
async fn through_lambda(function: &Function, path: &str) -> (u16, String) {
    let event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/x/0"}},
        "httpMethod": "GET", "path": path, "multiValueQueryStringParameters": {},
        "multiValueHeaders": {"host": ["localhost"]}, "body": "", "isBase64Encoded": false
    });
    let answer: Value = serde_json::from_slice(&function.invoke(event.to_string().into()).await.unwrap()).unwrap();
    let status = answer["statusCode"].as_u64().unwrap().try_into().unwrap();
    let body = answer["body"].as_str().unwrap_or_default().to_owned();
    secrets::look_at_answer(status, body.as_bytes());
    (status, body)
}

/// Returns status and body of the server's response to a request line with this path.
async fn through_server(server: &Server, path: &str) -> (u16, String) {
    let mut connection = server.connect().await;
    connection.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")).await;
    let answer = connection.rest().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn an_odd_path_gets_the_same_response_from_a_function_and_from_the_server() {
    let server = Server::start(NO_DATABASE).await;

    for (name, paths) in [
        (
            "healthcheck",
            [
                ("/api/healthcheck", 200),
                ("/api/../api/healthcheck", 404),
                ("/api/healthcheck/..", 404),
                ("/api/./healthcheck", 404),
                ("/api/%2e%2e/api/healthcheck", 404),
                ("/api/%2E/healthcheck", 404),
                ("/api/%68ealthcheck", 404),
                ("/api%2fhealthcheck", 404),
                ("/api\\healthcheck", 404),
                ("/api%5chealthcheck", 404),
                ("//api/healthcheck", 404),
                ("/api//healthcheck", 404),
                ("/api/healthcheck/", 404),
                ("/api/healthcheck;x", 404),
                ("/API/healthcheck", 404),
                ("/%", 404),
                ("/%00", 404),
                ("/ü", 404),
            ]
            .as_slice(),
        ),
        (
            // 401, because the path matches the route with any id
            "case-reviews",
            [
                ("/api/case-reviews/..", 401),
                ("/api/case-reviews/%2e%2e", 401),
                ("/api/case-reviews/..%2fcases", 401),
                ("/api/case-reviews/a\\b", 401),
                ("/api/case-reviews/../cases", 404),
                ("/api/case-reviews/a/../b", 404),
            ]
            .as_slice(),
        ),
    ] {
        let function = function(name);
        for &(path, status) in paths {
            let answer = through_lambda(&function, path).await;
            assert_eq!(answer.0, status, "{path}");
            assert_eq!(answer, through_server(&server, path).await, "{path}");
        }
    }
}

#[tokio::test]
async fn an_invalid_path_is_a_400_from_both() {
    let (server, function) = (Server::start(NO_DATABASE).await, function("healthcheck"));

    for path in ["/a b", "/a\u{7f}b c"] {
        assert_eq!(through_lambda(&function, path).await.0, 400, "{path}");
        assert_eq!(through_server(&server, path).await.0, 400, "{path}");
    }
}
