//! The Lambda Runtime API of one process, on its own loopback port.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::invoke_error::InvokeError;
use super::phase::Phase;

/// Lambda's limit for a response, in bytes.
const MAX_ANSWER_BYTES: usize = 6_291_556;
/// Trailer in which a streamed response reports a failure.
const ERROR_TRAILER: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");

/// An event for a process.
pub struct Invocation {
    /// Request id.
    pub id: String,
    /// JSON text.
    pub event: Bytes,
    /// End of the function's timeout.
    pub deadline: SystemTime,
    /// ARN of the function.
    pub function_arn: String,
    /// Value of `x-amzn-trace-id`.
    pub trace: String,
    /// Set when the process has received the event.
    pub delivered: Arc<AtomicBool>,
    /// Receives the answer.
    pub outcome: oneshot::Sender<Outcome>,
}

/// A process's response to an event: JSON, or an error.
pub type Outcome = Result<Bytes, InvokeError>;

/// The Runtime API of one process: state shared by its requests.
pub struct RuntimeApi {
    phase: Arc<watch::Sender<Phase>>,
    invocations: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    /// Events in progress by request id, with the receivers of their answers.
    running: Mutex<BTreeMap<String, oneshot::Sender<Outcome>>>,
    is_managed: bool,
}

impl RuntimeApi {
    /// Creates the API of a process. It reports the process's state to `phase`, and passes it `invocations`: several at
    /// once if the process is managed.
    pub fn new(
        phase: Arc<watch::Sender<Phase>>,
        invocations: mpsc::Receiver<Invocation>,
        is_managed: bool,
    ) -> Arc<Self> {
        let invocations = tokio::sync::Mutex::new(invocations);
        Arc::new(Self { phase, invocations, running: Mutex::default(), is_managed })
    }

    /// Serves until the future is dropped, which also closes the connections.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let api = self.clone();
            connections.spawn(async move {
                let service = service_fn(|request| {
                    let api = api.clone();
                    async move { Ok::<_, Infallible>(api.answer(request).await) }
                });
                // a broken connection means that the process has exited, which its supervisor notices
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let segments: Vec<_> = path.trim_start_matches("/2018-06-01/runtime/").split('/').collect();
        match (request.method(), segments.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => match read(request).await {
                Ok(outcome) => self.finish(id, outcome),
                Err(too_large) => {
                    self.finish(id, Err(InvokeError::Failed("Function.ResponseSizeTooLarge".into())));
                    too_large
                }
            },
            (&Method::POST, ["invocation", id, "error"]) => match read(request).await {
                Ok(report) => self.finish(id, Err(InvokeError::Failed(error_type(report)))),
                Err(too_large) => too_large,
            },
            (&Method::POST, ["init", "error"]) => match read(request).await {
                Ok(report) => {
                    let problem = error_type(report);
                    self.phase.send_modify(|phase| phase.end(format!("it failed with {problem}")));
                    accepted()
                }
                Err(too_large) => too_large,
            },
            _ => status(StatusCode::NOT_FOUND, &json!({"errorType": "NotFound"})),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        if !self.is_managed {
            // dropping the sender tells the caller of the previous event that no answer will come
            self.running().clear();
        }
        self.phase.send_modify(Phase::wait);
        let Some(invocation) = self.invocations.lock().await.recv().await else {
            return status(StatusCode::GONE, &json!({"errorType": "Stopped"}));
        };
        invocation.delivered.store(true, Ordering::SeqCst);
        self.phase.send_modify(Phase::run);
        let mut response = Response::new(Full::new(invocation.event.clone()));
        *response.headers_mut() = headers(&invocation);
        self.running().insert(invocation.id, invocation.outcome);
        response
    }

    fn finish(&self, id: &str, outcome: Outcome) -> Response<Full<Bytes>> {
        let Some(waiting) = self.running().remove(id) else {
            return status(StatusCode::BAD_REQUEST, &json!({"errorType": "InvalidRequestID"}));
        };
        // after the timeout nobody is waiting
        let _ = waiting.send(outcome);
        accepted()
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, oneshot::Sender<Outcome>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn headers(invocation: &Invocation) -> HeaderMap {
    let deadline = invocation.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.id.clone()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.function_arn.clone()),
        ("lambda-runtime-trace-id", invocation.trace.clone()),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers
}

/// Reads a response, complete or streamed.
async fn read(request: Request<Incoming>) -> Result<Outcome, Response<Full<Bytes>>> {
    let Ok(body) = Limited::new(request.into_body(), MAX_ANSWER_BYTES).collect().await else {
        return Err(status(StatusCode::PAYLOAD_TOO_LARGE, &json!({"errorType": "RequestEntityTooLarge"})));
    };
    let stream_error = body.trailers().and_then(|trailers| trailers.get(ERROR_TRAILER)).cloned();
    Ok(match stream_error {
        Some(kind) => Err(InvokeError::Failed(String::from_utf8_lossy(kind.as_bytes()).into_owned())),
        None => Ok(body.to_bytes()),
    })
}

/// Returns the type of a reported error. Its message is ignored, because it may quote the event.
fn error_type(report: Outcome) -> String {
    let report: Option<Value> = report.ok().and_then(|body| serde_json::from_slice(&body).ok());
    let kind = report.as_ref().and_then(|report| report.get("errorType")?.as_str());
    kind.unwrap_or("an error without a type").to_owned()
}

fn accepted() -> Response<Full<Bytes>> {
    status(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn status(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response
}
