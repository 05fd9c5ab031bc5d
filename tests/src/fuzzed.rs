//! The fuzz targets (`fuzz/`). `tests/bad_input/corpus.rs` replays the committed inputs.

use std::sync::LazyLock;

use admin_config::config_file::ConfigFile;
use case_reviews::preview::Cases;
use http::{HeaderValue, Request, header};
use jsonwebtoken::{EncodingKey, Header};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use crate::app::{API_KEY, JWT_SECRET_KEY, TestApp};
use crate::form;
use crate::service::Service;

/// A target: its name, and the function that takes an input.
pub type Target = (&'static str, fn(&[u8]) -> TestCaseResult);

/// The targets, by the names of their binaries and corpora.
pub const TARGETS: &[Target] =
    &[("csv", csv), ("dates", dates), ("event", event), ("path_config", path_config), ("token", token)];

thread_local! {
    static SERVICE: Service = Service::without_data();
}

/// A case of the fixture with something in every section.
const CASE: i32 = 1;

static CASES: LazyLock<Cases> = LazyLock::new(|| {
    Runtime::new().expect("a runtime").block_on(async {
        let api = TestApp::with_contract_data().await;
        let cases = Cases::load(&[CASE], &api.app.db).await.expect("the fixture can be read");
        cases.expect("the fixture has a page configuration")
    })
});

/// Reads the input as a file of assignments, and uploads it.
pub fn csv(file: &[u8]) -> TestCaseResult {
    if let Ok(read) = ConfigFile::parse(file) {
        let ids: std::collections::BTreeSet<_> = read.assignments.iter().map(|assignment| &assignment.id).collect();
        prop_assert_eq!(ids.len(), read.assignments.len());
    }
    let request = Request::post("/api/admin/config/upload/preview").header("x-api-key", API_KEY);
    let request = request.header(header::CONTENT_TYPE, form::CONTENT_TYPE);
    put(request.body(form::with_file(file))).map(drop)
}

/// Uses the lines of the input as the times of a timing and as the beginning of an export.
pub fn dates(lines: &[u8]) -> TestCaseResult {
    let text = String::from_utf8_lossy(lines);
    let mut lines = text.splitn(3, '\n').chain(["", ""]);
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let (open, answer, submit) = (next(), next(), next());
    let token = SERVICE.with(Service::token);
    let body = json!({
        "caseConfigId": "cfg-a03-empty", "caseOpenTime": open, "answerOpenTime": answer, "answerSubmitTime": submit});
    let timing = Request::post("/api/analytics").header(header::CONTENT_TYPE, "application/json");
    let timing = timing.header(header::AUTHORIZATION, format!("Bearer {token}"));
    let status = put(timing.body(body.to_string().into_bytes()))?;
    prop_assert!(matches!(status, 400 | 503), "timing: {status}");

    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("since", &open).finish();
    let export = Request::get(format!("/api/v1/export/answers?{query}")).header("x-api-key", API_KEY);
    let status = put(export.body(Vec::new()))?;
    prop_assert!(matches!(status, 400 | 503), "export: {status}");
    Ok(())
}

/// Invokes the function with the input, if it is JSON, as the runtime does.
pub fn event(json: &[u8]) -> TestCaseResult {
    serde_json::from_slice::<Box<RawValue>>(json).map_or(Ok(()), |event| SERVICE.with(|service| service.invoke(event)))
}

/// Shows a case to a participant whose assignment has the input as its `path_config`.
pub fn path_config(text: &[u8]) -> TestCaseResult {
    let text = String::from_utf8_lossy(text);
    CASES.is_named(CASE, &text);
    let review = CASES.review(CASE, Some(&text));
    let review = serde_json::to_value(review).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(review["details"].is_array() && review["importantInfos"].is_array(), "{review}");
    Ok(())
}

/// Signs the input with the service's key if it is JSON; otherwise uses it unchanged as the header.
pub fn token(input: &[u8]) -> TestCaseResult {
    let key = EncodingKey::from_secret(JWT_SECRET_KEY.as_bytes());
    let signed = serde_json::from_slice::<&RawValue>(input)
        .ok()
        .and_then(|claims| jsonwebtoken::encode(&Header::default(), &claims, &key).ok());
    let header = match &signed {
        Some(token) => HeaderValue::try_from(format!("Bearer {token}")),
        None => HeaderValue::from_bytes(input),
    };
    let Ok(header) = header else { return Ok(()) };
    let status = put(Request::get("/api/cases").header(header::AUTHORIZATION, header).body(Vec::new()))?;
    prop_assert!(status == 401 || signed.is_some() && status == 503, "{status}");
    Ok(())
}

fn put(request: http::Result<Request<Vec<u8>>>) -> Result<u16, TestCaseError> {
    let request = request.map_err(|error| TestCaseError::fail(error.to_string()))?;
    SERVICE.with(|service| service.put(request))
}
