//! Faults planted between the clients and a correct API, to test whether the checks find them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tests::contract::transport::Transport;

use crate::request::form;

/// A fault of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An acknowledged answer is not stored.
    LostAnswer,
    /// A different answer replaces the first.
    LastAnswerWins,
    /// A stale response is returned as the next case.
    StaleCase,
    /// A stale response is returned as the current questionnaire.
    StaleQuestionnaire,
    /// An acknowledged change of a status is not stored.
    LostUpdate,
    /// A repeated request with an `Idempotency-Key` is executed again.
    DoubledWrite,
    /// An upload becomes visible in two parts.
    TornUpload,
    /// A reset is acknowledged before it is executed.
    PrematureAcknowledgement,
    /// A reset is executed, but the response is a refusal.
    FalseRefusal,
    /// Sessions outlive a reset.
    SessionSurvivesReset,
    /// A change has no entry in the audit trail.
    LostEntry,
    /// A request is executed twice, and has two entries in the audit trail.
    DoubledRequest,
}

/// A fault with its state.
pub struct Planted {
    fault: Fault,
    count: AtomicUsize,
    /// Earlier responses by token.
    earlier: Mutex<BTreeMap<String, (Instant, Response<Bytes>)>>,
}

/// Minimum age of a stale response.
const STALE: Duration = Duration::from_secs(1);

impl Planted {
    pub fn new(fault: Fault) -> Self {
        Self { fault, count: AtomicUsize::new(0), earlier: Mutex::default() }
    }

    /// Sends a request with the fault.
    pub async fn send(
        &self,
        mut request: Request<Bytes>,
        transport: &Transport,
        database: &PgPool,
    ) -> Option<Response<Bytes>> {
        if !self.fault.concerns(request.method(), request.uri().path()) {
            return transport.send(request).await.ok();
        }
        match self.fault {
            Fault::LostAnswer if self.is_every(5) => {
                let response = transport.send(request).await.ok()?;
                let id = data(&response)["id"].as_i64();
                execute(database, &format!("DELETE FROM answer WHERE id = {}", id.unwrap_or_default())).await;
                Some(response)
            }
            Fault::LastAnswerWins => self.replace_answer(request, transport, database).await,
            Fault::StaleCase | Fault::StaleQuestionnaire => self.stale(request, transport).await,
            Fault::LostUpdate if self.is_every(3) => {
                let status: Value = serde_json::from_slice(request.body()).ok()?;
                Some(answer(StatusCode::OK, &json!({ "data": status })))
            }
            Fault::DoubledWrite => {
                request.headers_mut().remove("idempotency-key");
                transport.send(request).await.ok()
            }
            Fault::TornUpload => in_two_parts(&request, transport).await,
            Fault::PrematureAcknowledgement => {
                // not before the real response would arrive
                let acknowledged = answer(StatusCode::OK, &json!({"data": "password updated"}));
                let Transport::Routers(service) = transport else { return None };
                let service = Transport::Routers(service.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    service.send(request).await
                });
                Some(acknowledged)
            }
            Fault::FalseRefusal if self.is_every(3) => {
                let mut response = transport.send(request).await.ok()?;
                let body = json!({"error": {"code": "1022", "message": "The link is used"}});
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                *response.body_mut() = body.to_string().into();
                Some(response)
            }
            Fault::SessionSurvivesReset => {
                let response = transport.send(request).await.ok()?;
                execute(database, r#"UPDATE "user" SET tokens_valid_from = NULL"#).await;
                Some(response)
            }
            Fault::LostEntry if self.is_every(3) => {
                let response = transport.send(request).await.ok()?;
                let id = response.headers().get("x-request-id")?.to_str().ok()?;
                let delete = format!("DELETE FROM audit_entry WHERE request_id = '{id}'");
                execute(
                    database,
                    &format!("SET session_replication_role = replica; {delete}; RESET session_replication_role"),
                )
                .await;
                Some(response)
            }
            Fault::DoubledRequest => {
                transport.send(request.clone()).await.ok()?;
                transport.send(request).await.ok()
            }
            _ => transport.send(request).await.ok(),
        }
    }

    fn is_every(&self, nth: usize) -> bool {
        self.count.fetch_add(1, Ordering::Relaxed) % nth == nth - 1
    }

    async fn replace_answer(
        &self,
        request: Request<Bytes>,
        transport: &Transport,
        database: &PgPool,
    ) -> Option<Response<Bytes>> {
        let body: Value = serde_json::from_slice(request.body()).ok()?;
        let task = request.uri().path().rsplit('/').next()?.to_owned();
        let response = transport.send(request).await.ok()?;
        if response.status() != StatusCode::CONFLICT {
            return Some(response);
        }
        let update = "UPDATE answer SET answer = $1::text::json WHERE task_id = $2 RETURNING id";
        let update = sqlx::query_scalar(update).bind(body["answer"].to_string()).bind(task);
        let id: i32 = update.fetch_one(database).await.ok()?;
        Some(answer(StatusCode::OK, &json!({"data": {"id": id}})))
    }

    /// Returns an earlier response every other time, until it is twice as old. Responses without a case are not replaced.
    async fn stale(&self, request: Request<Bytes>, transport: &Transport) -> Option<Response<Bytes>> {
        let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = token.unwrap_or_default().to_owned();
        let response = transport.send(request).await.ok()?;
        let data = data(&response);
        if !data.is_object() && data[0].is_null() {
            return Some(response);
        }
        let mut earlier = self.earlier.lock().unwrap();
        let (since, old) = earlier.entry(token).or_insert_with(|| (Instant::now(), response.clone()));
        if since.elapsed() > 2 * STALE {
            (*since, *old) = (Instant::now(), response.clone());
        }
        Some(if since.elapsed() > STALE && self.is_every(2) { old.clone() } else { response })
    }
}

impl Fault {
    pub const ALL: [Self; 12] = [
        Self::LostAnswer,
        Self::LastAnswerWins,
        Self::StaleCase,
        Self::StaleQuestionnaire,
        Self::LostUpdate,
        Self::DoubledWrite,
        Self::TornUpload,
        Self::PrematureAcknowledgement,
        Self::FalseRefusal,
        Self::SessionSurvivesReset,
        Self::LostEntry,
        Self::DoubledRequest,
    ];

    fn concerns(self, method: &Method, path: &str) -> bool {
        let (concerned, begin) = match self {
            Self::LostAnswer | Self::LastAnswerWins => (Method::POST, "/api/answer/"),
            Self::StaleCase => (Method::GET, "/api/cases"),
            Self::StaleQuestionnaire => (Method::GET, "/api/config/answer"),
            Self::LostUpdate => (Method::PATCH, "/api/v1/experiments/"),
            Self::DoubledWrite => (Method::POST, "/api/v1/experiments"),
            Self::TornUpload => (Method::POST, "/api/admin/config/upload"),
            Self::PrematureAcknowledgement | Self::FalseRefusal | Self::SessionSurvivesReset => {
                (Method::POST, "/api/auth/reset-password")
            }
            Self::LostEntry => (Method::POST, "/admin/config/upload"),
            Self::DoubledRequest => (Method::POST, "/admin/config/answer"),
        };
        method == concerned && path.starts_with(begin)
    }

    /// Returns the rule that the fault violates.
    pub fn rule(self) -> &'static str {
        match self {
            Self::LostAnswer | Self::LastAnswerWins | Self::StaleCase => "assignment",
            Self::StaleQuestionnaire => "questionnaire",
            Self::LostUpdate => "status",
            Self::DoubledWrite => "experiment",
            Self::TornUpload => "upload",
            Self::PrematureAcknowledgement | Self::SessionSurvivesReset => "account",
            Self::FalseRefusal | Self::LostEntry | Self::DoubledRequest => "audit",
        }
    }
}

/// Sends the lines of an upload as two uploads.
async fn in_two_parts(request: &Request<Bytes>, transport: &Transport) -> Option<Response<Bytes>> {
    let body = String::from_utf8_lossy(request.body()).into_owned();
    let (_, file) = body.split_once("\r\n\r\n")?;
    let (file, _) = file.split_once("\r\n--x--")?;
    let (head, lines) = file.split_once('\n')?;
    let lines: Vec<&str> = lines.lines().collect();
    let (one, other) = lines.split_at(lines.len() / 2);
    let part = |lines: &[&str]| form(request.uri().path(), &format!("{head}\n{}\n", lines.join("\n")));
    transport.send(part(one)).await.ok()?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    transport.send(part(other)).await.ok()
}

fn data(response: &Response<Bytes>) -> Value {
    serde_json::from_slice::<Value>(response.body()).unwrap_or_default()["data"].take()
}

fn answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response
}

async fn execute(database: &PgPool, statement: &str) {
    sqlx::raw_sql(statement).execute(database).await.expect("the statement of a fault is valid");
}
