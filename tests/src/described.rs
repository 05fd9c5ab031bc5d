//! Checks whether requests and responses match the OpenAPI document.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::middleware::from_fn;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

static API: LazyLock<Description> = LazyLock::new(|| {
    let document = serde_json::to_value(openapi::document()).expect("the document is JSON");
    Description::of(&document)
});

/// Operations that accept more than they describe, with the reason: unused fields are not described.
const ACCEPTS_MORE: [(&str, &str); 2] = [
    ("/admin/config/answer", "clients of the old system may wrap the list: {\"config\": […]}"),
    ("/api/v1/configs/batch", "an invalid entry fails alone, and the response reports it"),
];

/// What a document says about each operation.
#[derive(Debug)]
pub struct Description {
    operations: Vec<Operation>,
}

#[derive(Debug)]
struct Operation {
    method: String,
    /// `/api/v1/experiments/{id}`, in its segments.
    template: Vec<String>,
    body: Option<Content>,
    responses: BTreeMap<u16, Content>,
}

/// By media type; a response may have any of these.
type Content = BTreeMap<String, Schema>;

#[derive(Debug)]
struct Schema {
    json: Value,
    compiled: OnceLock<Validator>,
}

/// Mismatches found so far.
#[derive(Clone, Debug, Default)]
pub struct Complaints(Arc<Mutex<Vec<String>>>);

impl Complaints {
    /// Returns all complaints, one per line.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }
}

/// Returns `service`, and the complaints about its requests and responses.
pub fn watched(service: Router) -> (Router, Complaints) {
    let complaints = Complaints::default();
    let found = complaints.clone();
    let watch = from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
        let found = found.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("the body is in memory");
            let sent = Request::from_parts(head.clone(), body.clone());
            let (head, body) = next.run(Request::from_parts(head, Body::from(body))).await.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("the answer arrives whole");
            let answered = Response::from_parts(head.clone(), body.clone());
            found.0.lock().unwrap_or_else(PoisonError::into_inner).extend(API.complaint(&sent, &answered));
            Response::from_parts(head, Body::from(body))
        }
    });
    (service.layer(watch), complaints)
}

impl Description {
    /// Reads a document. In responses, properties that are not described are complaints.
    pub fn of(document: &Value) -> Self {
        let open = &document["components"]["schemas"];
        let closed: Map<String, Value> = entries(open).map(|(name, schema)| (name.clone(), close(schema))).collect();
        let components = json!({ "schemas": closed, "open": open });
        let mut operations = Vec::new();
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                let responses = entries(&operation["responses"]).map(|(status, response)| {
                    (status.parse().expect("a status"), content(&response["content"], &components, close))
                });
                let body = operation.get("requestBody");
                operations.push(Operation {
                    method: method.to_uppercase(),
                    template: path.split('/').map(str::to_owned).collect(),
                    body: body.map(|body| content(&body["content"], &json!({ "schemas": open }), Value::clone)),
                    responses: responses.collect(),
                });
            }
        }
        Self { operations }
    }

    /// Returns the first mismatch of a request and its response.
    pub fn complaint(&self, request: &Request<Bytes>, response: &Response<Bytes>) -> Option<String> {
        let complaint = self.find_fault(request, response)?;
        // without the URI, which may contain an address
        Some(format!("{} {}: {complaint}", request.method(), response.status().as_u16()))
    }

    fn find_fault(&self, request: &Request<Bytes>, response: &Response<Bytes>) -> Option<String> {
        let segments: Vec<&str> = request.uri().path().split('/').collect();
        let of_path: Vec<&Operation> = self.operations.iter().filter(|operation| operation.is_at(&segments)).collect();
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let Some(operation) = of_path.iter().find(|operation| operation.method == method.as_str()) else {
            let expected = match (of_path.is_empty(), request.method()) {
                (_, &Method::OPTIONS) => return None,
                (true, _) => StatusCode::NOT_FOUND,
                (false, _) => StatusCode::METHOD_NOT_ALLOWED,
            };
            return (response.status() != expected).then(|| "no such operation".to_owned());
        };
        let name = operation.template.join("/");
        let Some(answers) = operation.responses.get(&response.status().as_u16()) else {
            return Some(format!("{name} does not describe this status"));
        };
        let is_empty = request.method() == Method::HEAD || answers.is_empty() && response.body().is_empty();
        let answered = (!is_empty).then(|| faults(answers, response.headers(), response.body())).flatten();
        let is_judged = response.status().is_success() && ACCEPTS_MORE.iter().all(|(path, _)| *path != name);
        let accepted = is_judged.then_some(operation.body.as_ref()).flatten();
        let sent = accepted.and_then(|body| faults(body, request.headers(), &without_nan(request.body())));
        answered
            .map(|fault| format!("{name} answers {fault}"))
            .or_else(|| sent.map(|fault| format!("{name} accepts {fault}")))
    }
}

impl Operation {
    fn is_at(&self, segments: &[&str]) -> bool {
        let fits = |(name, segment): (&String, &&str)| {
            if name.starts_with('{') { !segment.is_empty() } else { name == segment }
        };
        self.template.len() == segments.len() && self.template.iter().zip(segments).all(fits)
    }
}

/// Returns a body without Python's `NaN`, which the contract accepts in unknown fields but JSON Schema cannot describe.
fn without_nan(body: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(body).replace("NaN", "0").into_bytes()
}

/// Returns the first mismatch of a body with `content`.
fn faults(content: &Content, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let media_type = if media_type.ends_with("+json") { "application/json" } else { &media_type };
    let Some(schema) = content.get(media_type) else { return Some(format!("{media_type:?}")) };
    if media_type != "application/json" || headers.contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Some("a body that is not JSON".to_owned()) };
    let validator = schema.compiled.get_or_init(|| {
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&schema.json).unwrap_or_else(|error| panic!("{}: {error}", schema.json))
    });
    let error = validator.iter_errors(&body).next()?;
    // only the location, because values must not be logged
    Some(format!("a body that is invalid at {:?}, by {}", error.instance_path().to_string(), error.schema_path()))
}

fn content(content: &Value, components: &Value, change: fn(&Value) -> Value) -> Content {
    let schemas = entries(content).map(|(media_type, content)| {
        let mut schema = change(&content["schema"]);
        schema["components"] = components.clone();
        (media_type.clone(), Schema { json: schema, compiled: OnceLock::new() })
    });
    schemas.collect()
}

/// Returns `schema` with unknown properties forbidden.
fn close(schema: &Value) -> Value {
    let mut closed = schema.clone();
    let Some(keywords) = closed.as_object_mut() else { return closed };
    if keywords.contains_key("allOf") {
        open_references(&mut keywords["allOf"]);
        keywords.insert("unevaluatedProperties".to_owned(), json!(false));
        return closed;
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = keywords.get_mut(keyword) {
            *inner = close(inner);
        }
    }
    for alternatives in ["oneOf", "anyOf"] {
        for inner in keywords.get_mut(alternatives).and_then(Value::as_array_mut).into_iter().flatten() {
            *inner = close(inner);
        }
    }
    if let Some(properties) = keywords.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(|property| *property = close(property));
        keywords.insert("unevaluatedProperties".to_owned(), json!(false));
    }
    closed
}

/// Allows unknown properties in the parts of an `allOf`, which have to accept each other's.
fn open_references(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(open_references),
        Value::Object(keywords) => keywords.iter_mut().for_each(|(keyword, value)| match value {
            Value::String(reference) if keyword == "$ref" => {
                *reference = reference.replace("/components/schemas/", "/components/open/");
            }
            other => open_references(other),
        }),
        _ => {}
    }
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests;
