//! A function for tests of the local platform: returns its event, or misbehaves as the header `x-echo` requests.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use futures_util::stream::{self, Iter};
use lambda_runtime::{Error, FunctionResponse, LambdaEvent, StreamResponse, service_fn};
use serde_json::{Value, json};

type Chunks = Iter<std::vec::IntoIter<Result<&'static str, Infallible>>>;
type Answer = FunctionResponse<Value, Chunks>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Answer, Error> {
    let command = header(&event.payload, "x-echo").unwrap_or_default().to_owned();
    let (verb, argument) = command.split_once(' ').unwrap_or((&command, ""));
    let answer = match verb {
        // the request's body is the function's answer
        "answer" => serde_json::from_str(event.payload["body"].as_str().unwrap_or_default())?,
        "crash" => std::process::abort(),
        "environment" => with_body(&event.payload, &json!(std::env::vars().collect::<BTreeMap<_, _>>()).to_string()),
        "error" => return Err("as asked for".into()),
        "invocation" => with_body(&event.payload, &invocation(&event).to_string()),
        "large" => with_body(&event.payload, &"x".repeat(argument.parse()?)),
        "print" => {
            println!("{argument}");
            eprintln!("{argument}");
            with_body(&event.payload, "printed")
        }
        "sleep" => {
            tokio::time::sleep(Duration::from_millis(argument.parse()?)).await;
            with_body(&event.payload, "rested")
        }
        "stream" => {
            let chunks = stream::iter(vec![Ok("one"), Ok("two")]);
            return Ok(FunctionResponse::StreamingResponse(StreamResponse::from(chunks)));
        }
        _ => with_body(&event.payload, &event.payload.to_string()),
    };
    Ok(FunctionResponse::BufferedResponse(answer))
}

fn header<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    event
        .pointer(&format!("/multiValueHeaders/{name}/0"))
        .or_else(|| event.pointer(&format!("/headers/{name}")))?
        .as_str()
}

fn invocation(event: &LambdaEvent<Value>) -> Value {
    let context = &event.context;
    json!({
        "requestId": context.request_id,
        "deadline": context.deadline,
        "functionArn": context.invoked_function_arn,
        "traceId": context.xray_trace_id,
        "functionName": context.env_config.function_name,
    })
}

/// Returns the response in the target group's format, with the id of this process.
fn with_body(event: &Value, body: &str) -> Value {
    let pid = std::process::id().to_string();
    let mut answer = json!({"statusCode": 200, "body": body});
    if event.get("multiValueHeaders").is_some() {
        answer["multiValueHeaders"] = json!({"content-type": ["application/json"], "x-pid": [pid]});
    } else {
        answer["headers"] = json!({"content-type": "application/json", "x-pid": pid});
    }
    answer
}
