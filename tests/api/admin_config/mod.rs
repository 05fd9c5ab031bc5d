mod questionnaires;
mod replace;
mod upsert;

use axum::body::Body;
use http::{Request, header};
use serde_json::Value;
use tests::app::{API_KEY, Answer, TestApp};

const HEADER: &str = "User,Case No.,Path,Collapse,Highlight,Top";
const REPLACE: &str = "/admin/config/upload";
const UPSERT: &str = "/api/admin/config/upload";
const PREVIEW: &str = "/api/admin/config/upload/preview";

/// Builds a form with a file `config.csv` and text fields.
fn form(path: &str, csv: &str, texts: &[(&str, &str)]) -> Request<Body> {
    let text = |(name, text): &(&str, &str)| {
        format!("--bound\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let file = "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"config.csv\"\r\n\r\n";
    let body = format!("{}{file}{csv}\r\n--bound--\r\n", texts.iter().map(text).collect::<String>());
    let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=bound");
    request.body(Body::from(body)).expect("a valid request")
}

async fn send(api: &TestApp, mut form: Request<Body>) -> Answer {
    form.headers_mut().insert("x-api-key", API_KEY.parse().expect("a valid header"));
    api.send(form).await
}

async fn upload(api: &TestApp, path: &str, rows: &str) -> Answer {
    send(api, form(path, &format!("{HEADER}\n{rows}"), &[])).await
}

/// Returns id and `user-case` of each assignment, in the order in which participants get them.
async fn stored(api: &TestApp) -> Vec<(String, String)> {
    let stored = "SELECT id, concat(user_email, '-', case_id) FROM display_config ORDER BY upload_order";
    sqlx::query_as(stored).fetch_all(api.pool()).await.expect("assignments can be read")
}

async fn keys(api: &TestApp) -> Vec<String> {
    stored(api).await.into_iter().map(|(_, key)| key).collect()
}

async fn path_config(api: &TestApp, key: &str) -> Value {
    sqlx::query_scalar("SELECT path_config FROM display_config WHERE user_email || '-' || case_id = $1")
        .bind(key)
        .fetch_one(api.pool())
        .await
        .expect("the assignment is stored")
}
