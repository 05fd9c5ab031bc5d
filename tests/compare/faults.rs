//! Twenty faults, planted in the responses of a correct system.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tests::app::TestApp;
use tower::ServiceExt as _;

use crate::systems::Caller;

/// A fault: the request whose response it changes, and where the comparison has to find it.
pub struct Fault {
    pub route: &'static str,
    /// Part of `Question::about`.
    pub about: &'static str,
    /// Part of the place of the difference.
    pub place: &'static str,
    /// Path of the request.
    path: &'static str,
    asked_by: fn(&Caller) -> bool,
    csv: bool,
    plant: fn(Answer) -> Answer,
}

/// A response that a fault changes.
pub struct Answer {
    status: StatusCode,
    media_type: String,
    has_token: bool,
    body: Vec<u8>,
    /// The other headers.
    headers: HeaderMap,
}

const fn fault(
    (route, about, place): (&'static str, &'static str, &'static str),
    (path, asked_by): (&'static str, fn(&Caller) -> bool),
    plant: fn(Answer) -> Answer,
) -> Fault {
    Fault { route, about, place, path, asked_by, csv: false, plant }
}

#[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
const fn in_csv(fault: Fault) -> Fault {
    Fault { csv: true, ..fault }
}

fn bob(asking: &Caller) -> bool {
    *asking == Caller::Account("bob@contract.test".to_owned())
}

fn zoe(asking: &Caller) -> bool {
    *asking == Caller::Account("zoe@contract.test".to_owned())
}

fn frank(asking: &Caller) -> bool {
    *asking == Caller::Account("frank@contract.test".to_owned())
}

fn nobody(asking: &Caller) -> bool {
    *asking == Caller::Nobody
}

fn key(asking: &Caller) -> bool {
    *asking == Caller::Key
}

const EXPORT_ANSWERS: &str = "/api/v1/export/answers?limit=7&offset=0";
const EXPORT_ANALYTICS: &str = "/api/v1/export/analytics?limit=7&offset=0";
const EXPORT_ASSIGNMENTS: &str = "/api/v1/export/display-configs?limit=7&offset=7";
const EXPORT_PARTICIPANTS: &str = "/api/v1/export/participants?limit=7&offset=0";

/// The faults.
pub const FAULTS: [Fault; 20] = [
    fault(("GET /api/cases", "account", "data[0].config_id"), ("/api/cases", bob), |answer| {
        answer.edit(|body| body["data"][0]["config_id"] = json!("cfg-other"))
    }),
    fault(("GET /api/cases", "account", "data"), ("/api/cases", zoe), |answer| {
        answer.edit(|body| body["data"] = json!([]))
    }),
    fault(("GET /api/cases", "no token", "status"), ("/api/cases", nobody), |answer| answer.with_status(403)),
    fault(("GET /api/config/answer", "account", "data.config"), ("/api/config/answer", zoe), |answer| {
        // the attention check is missing
        answer.edit(|body| drop(body["data"]["config"].as_array_mut().and_then(Vec::pop)))
    }),
    fault(("GET /api/config/answer", "account", "data.id"), ("/api/config/answer", bob), |answer| {
        answer.edit(|body| body["data"]["id"] = json!("00000000-0000-4000-8000-000000000000"))
    }),
    fault(("GET /api/config/answer", "account", "token"), ("/api/config/answer", frank), |answer| Answer {
        has_token: false,
        ..answer
    }),
    fault(("GET /api/config/answer", "anyone", "media type"), ("/api/config/answer", nobody), |answer| Answer {
        media_type: "application/vnd.api+json".to_owned(),
        ..answer
    }),
    fault(
        ("GET /api/case-reviews/{id}", "cfg-b02-next", "data.details"),
        ("/api/case-reviews/cfg-b02-next", bob),
        |answer| answer.edit(|body| drop(body["data"]["details"].as_array_mut().and_then(Vec::pop))),
    ),
    fault(
        ("GET /api/case-reviews/{id}", "cfg-z01-next", "data.caseNumber"),
        ("/api/case-reviews/cfg-z01-next", zoe),
        |answer| answer.edit(|body| body["data"]["caseNumber"] = json!(4)),
    ),
    fault(
        ("GET /api/case-reviews/{id}", "cfg-f02-case-one", "status"),
        ("/api/case-reviews/cfg-f02-case-one", frank),
        |answer| answer.with_status(404),
    ),
    fault(("GET /admin/users", "all accounts", "data.users"), ("/admin/users", key), |answer| {
        answer.edit(|body| drop(body["data"]["users"].as_array_mut().and_then(Vec::pop)))
    }),
    fault(("GET /api/v1/experiments", "all", "data.experiments[0]"), ("/api/v1/experiments", key), |answer| {
        answer.edit(|body| body["data"]["experiments"].as_array_mut().into_iter().for_each(|list| list.reverse()))
    }),
    fault(
        ("GET /api/v1/experiments/{id}/runs", "exp-alpha", "data.runs[0].status"),
        ("/api/v1/experiments/exp-alpha/runs", key),
        |answer| answer.edit(|body| body["data"]["runs"][0]["status"] = json!("lost")),
    ),
    fault(("GET /api/v1/experiments/{id}", "unknown", "status"), ("/api/v1/experiments/exp-unknown", key), |answer| {
        answer.with_status(200)
    }),
    fault(("GET /api/v1/export/answers", "rows from 0", "data[0]"), (EXPORT_ANSWERS, key), |answer| {
        answer.edit(|body| body["data"].as_array_mut().into_iter().for_each(|rows| rows.reverse()))
    }),
    in_csv(fault(("GET /api/v1/export/answers", "as CSV", "line 1"), (EXPORT_ANSWERS, key), |answer| {
        answer.replace("answer_id", "id")
    })),
    fault(
        ("GET /api/v1/export/analytics", "rows from 0", "data[0].total_duration_secs"),
        (EXPORT_ANALYTICS, key),
        |answer| answer.edit(|body| body["data"][0]["total_duration_secs"] = json!(0.5)),
    ),
    fault(
        ("GET /api/v1/export/display-configs", "rows from 7", "pagination.total"),
        (EXPORT_ASSIGNMENTS, key),
        |answer| answer.edit(|body| body["pagination"]["total"] = json!(3)),
    ),
    in_csv(fault(("GET /api/v1/export/participants", "as CSV", "lines"), (EXPORT_PARTICIPANTS, key), |answer| {
        Answer { body: b"user_id\r\n".to_vec(), ..answer }
    })),
    fault(("GET /api/v1/export/participants", "no key", "status"), ("/api/v1/export/participants", nobody), |answer| {
        answer.with_status(200)
    }),
];

impl Answer {
    fn edit(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        edit(&mut body);
        self.body = body.to_string().into_bytes();
        self
    }

    fn replace(mut self, text: &str, by: &str) -> Self {
        self.body = String::from_utf8(self.body).unwrap().replace(text, by).into_bytes();
        self
    }

    fn with_status(self, status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap(), ..self }
    }
}

/// Returns the service of `api` with all faults.
pub fn planted(api: &TestApp) -> Router {
    let (service, app) = (api.service(), Arc::new(api.app.clone()));
    Router::new().fallback(move |request: Request| {
        let (service, app) = (service.clone(), app.clone());
        async move {
            let asking = Caller::in_request(&request, &app);
            let accepts_csv = request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "text/csv");
            let uri = request.uri().to_string();
            let response = service.oneshot(request).await.unwrap_or_else(|never| match never {});
            let fault =
                FAULTS.iter().find(|fault| fault.path == uri && (fault.asked_by)(&asking) && fault.csv == accepts_csv);
            match fault {
                Some(fault) => with(fault, response).await,
                None => response,
            }
        }
    })
}

async fn with(fault: &Fault, response: Response) -> Response {
    let (head, body) = response.into_parts();
    let text = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let token = head.headers.get(header::AUTHORIZATION).cloned();
    let answer = (fault.plant)(Answer {
        status: head.status,
        media_type: text(header::CONTENT_TYPE).to_owned(),
        has_token: token.is_some(),
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        headers: head.headers.clone(),
    });
    let mut response = Response::builder().status(answer.status).header(header::CONTENT_TYPE, answer.media_type);
    for name in [header::CONTENT_DISPOSITION, header::ALLOW] {
        if let Some(value) = answer.headers.get(&name) {
            response = response.header(name, value);
        }
    }
    if let Some(token) = token.filter(|_| answer.has_token) {
        response = response.header(header::AUTHORIZATION, token);
    }
    response.body(Body::from(answer.body)).unwrap()
}
