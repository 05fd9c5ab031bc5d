//! Faults planted in front of a correct system, to test whether the model finds them.

use axum::body::Bytes;
use http::{Request, Response};
use serde_json::Value;
use sqlx::PgPool;
use tests::contract::transport::{Transport, TransportError};

/// A fault of the system.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// An answer is acknowledged, but not stored.
    LosesAnswers,
    /// A case is offered again although it was answered.
    OffersAnswered,
    /// A session stays valid after the password was reset.
    ServesAfterReset,
    /// An upload that replaces everything leaves an assignment behind.
    LeavesAssignment,
    /// The attention check is missing.
    ForgetsAttentionCheck,
    /// A request that is repeated with its `Idempotency-Key` is executed again.
    IgnoresKeys,
}

impl Fault {
    /// Sends a request with the fault.
    pub async fn send(
        self,
        mut request: Request<Bytes>,
        transport: &Transport,
        database: &PgPool,
    ) -> Result<Response<Bytes>, TransportError> {
        if matches!(self, Self::IgnoresKeys) {
            request.headers_mut().remove("idempotency-key");
        }
        let path = request.uri().path().to_owned();
        let response = transport.send(request).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        if matches!(self, Self::ForgetsAttentionCheck) && path == "/api/config/answer" {
            return Ok(without_attention_check(response));
        }
        if let Some(statement) = self.statement_after(&path) {
            sqlx::raw_sql(statement).execute(database).await.expect("the statement of a fault is valid");
        }
        Ok(response)
    }

    /// Returns the statement that corrupts the database after a successful request to `path`.
    fn statement_after(self, path: &str) -> Option<&'static str> {
        let (begin, statement) = match self {
            Self::LosesAnswers => ("/api/answer/", "DELETE FROM answer WHERE id = (SELECT max(id) FROM answer)"),
            Self::OffersAnswered => {
                ("/api/answer/", "UPDATE answer SET task_id = task_id || ' ' WHERE id = (SELECT max(id) FROM answer)")
            }
            Self::ServesAfterReset => ("/api/auth/reset-password", r#"UPDATE "user" SET tokens_valid_from = NULL"#),
            Self::LeavesAssignment => (
                "/admin/config/upload",
                "INSERT INTO display_config (id, user_email, case_id, path_config) VALUES ('left', 'alice@contract.test', 1, '[]')",
            ),
            Self::ForgetsAttentionCheck | Self::IgnoresKeys => return None,
        };
        path.starts_with(begin).then_some(statement)
    }
}

fn without_attention_check(response: Response<Bytes>) -> Response<Bytes> {
    let (head, body) = response.into_parts();
    let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
    if let Some(questions) = json["data"]["config"].as_array_mut() {
        questions.retain(|question| !question["title"].as_str().unwrap_or_default().starts_with("Attention Check"));
    }
    Response::from_parts(head, json.to_string().into())
}
