//! `GET /api/config/answer`: anyone; the newest questionnaire, with an attention check for a participant whose next
//! answer is the 10th, 20th, … (contract section 3).

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::auth::Participant;
use shared::http::Admission;
use shared::openapi::{ServerError, TokenRefused};
use shared::reply::{Data, Envelope};
use shared::time::{StoredTime, isoformat};
use shared::{ApiError, App, Business, stored_json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

/// Every tenth answer of a participant includes an attention check.
const ATTENTION_CHECK_INTERVAL: i64 = 10;

#[derive(Serialize, ToSchema)]
struct Questionnaire {
    id: Uuid,
    /// As stored: the researchers choose key order and number formats.
    #[schema(value_type = Vec<serde_json::Value>)]
    config: Box<RawValue>,
    created_timestamp: Option<String>,
}

/// The title under which the answer to the attention check is stored, next to the other answers.
pub const ATTENTION_CHECK_TITLE: &str = "Attention Check – please read carefully and select 'All of the above' below";
/// The option that proves that the participant read the question.
pub const ATTENTION_CHECK_PASSED: &str = "All of the above";

#[derive(Serialize)]
struct AttentionCheck {
    r#type: &'static str,
    title: &'static str,
    options: [&'static str; 4],
    /// Text, not a boolean, because the frontend has always received text.
    required: &'static str,
}

const ATTENTION_CHECK: AttentionCheck = AttentionCheck {
    r#type: "SingleChoice",
    title: ATTENTION_CHECK_TITLE,
    options: ["I wasn’t really reading", "I’m just clicking through", "I prefer not to answer", ATTENTION_CHECK_PASSED],
    required: "true",
};

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_config_answer))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/config/answer", get(get_config_answer))
}

/// Returns the questions. With a token, every tenth questionnaire has an attention check.
#[utoipa::path(
    get,
    path = "/api/config/answer",
    tag = "review",
    security((), ("token" = [])),
    responses(
        (status = 200, description = "The newest questionnaire.", body = inline(Envelope<Questionnaire>)),
        TokenRefused,
        ServerError<1021>
    )
)]
async fn get_config_answer(
    participant: Option<Participant>,
    State(app): State<App>,
) -> Result<Data<Questionnaire>, ApiError> {
    let row = sqlx::query!(
        r#"SELECT (SELECT id FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $2) IS NOT FALSE) AS account_id,
                  (SELECT count(*) FROM answer WHERE user_email = $1 AND answer.id >= -2147483648) AS "answers!",
                  newest.id AS "id?", newest.config AS "config?", created_timestamp AS "created_timestamp: StoredTime"
           FROM (SELECT) AS one
           LEFT JOIN (SELECT id, config::text AS config, created_timestamp FROM answer_config
                      ORDER BY created_timestamp DESC NULLS LAST, id LIMIT 1) AS newest ON true"#,
        participant.as_ref().map(Participant::email),
        participant.as_ref().map(Participant::logged_in_at)
    )
    .fetch_one(&app.db)
    .await?;
    if let Some(participant) = &participant {
        participant.confirm(row.account_id)?;
    }
    let (Some(id), Some(config)) = (row.id, row.config) else { return Err(Business::NoAnswerConfig.into()) };
    let config = if participant.is_some() && (row.answers + 1) % ATTENTION_CHECK_INTERVAL == 0 {
        with_attention_check(config)
    } else {
        RawValue::from_string(config)
    };
    let config = config.map_err(|error| ApiError::Fault(format!("answer_config {id}: {error}")))?;
    Ok(Data(Questionnaire {
        id,
        config,
        created_timestamp: row.created_timestamp.and_then(|time| time.0).map(isoformat),
    }))
}

/// Appends the attention check. A questionnaire that is not a list is left unchanged.
fn with_attention_check(config: String) -> Result<Box<RawValue>, serde_json::Error> {
    let Some(questions) = stored_json::entries(&config) else {
        tracing::warn!("the questionnaire is not a list: no attention check");
        return RawValue::from_string(config);
    };
    let attention_check = serde_json::value::to_raw_value(&ATTENTION_CHECK)?;
    serde_json::value::to_raw_value(&[questions, vec![&attention_check]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attention_check_is_the_last_question() {
        let config = with_attention_check(r#"[{"title": "Why?", "weight": 2.50}]"#.to_owned()).unwrap();

        assert!(
            config
                .get()
                .starts_with(r#"[{"title": "Why?", "weight": 2.50},{"type":"SingleChoice","title":"Attention Check"#)
        );
    }
}
