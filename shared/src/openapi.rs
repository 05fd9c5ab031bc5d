//! The error responses that operations of the OpenAPI document share (contract section 1).
//!
//! An operation lists its possible responses: `responses(…, BadRequest<1030>, TokenRefused, ServerError<1010>)`; the
//! numbers are business errors. These types only describe: handlers return an `ApiError`, and the contract tests
//! compare the two.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses};

use crate::errors::Business;

type Responses = BTreeMap<String, RefOr<Response>>;

/// 400: an invalid request, or one of these business errors with status 400.
#[derive(Clone, Copy, Debug)]
pub enum BadRequest<
    const A: u16 = 0,
    const B: u16 = 0,
    const C: u16 = 0,
    const D: u16 = 0,
    const E: u16 = 0,
    const F: u16 = 0,
> {}

/// 413 and 415: the body is too large, or its content type is not JSON.
#[derive(Clone, Copy, Debug)]
pub enum BodyRefused {}

/// 413: the request or its answer is too large.
#[derive(Clone, Copy, Debug)]
pub enum TooLarge {}

/// 401 `{"msg": …}`: the token is missing, malformed or expired, or belongs to no active account.
#[derive(Clone, Copy, Debug)]
pub enum TokenRefused {}

/// 401 and 403 for administrators and services: no valid API key, and no token of an administrator.
#[derive(Clone, Copy, Debug)]
pub enum CallerRefused {}

/// 404: the resource named by the path does not exist.
#[derive(Clone, Copy, Debug)]
pub enum NotFound {}

/// 409: the request contradicts what is stored.
#[derive(Clone, Copy, Debug)]
pub enum Conflict {}

/// 422: the `Idempotency-Key` was used for another request.
#[derive(Clone, Copy, Debug)]
pub enum KeyReused {}

/// The header of requests that are executed at most once ([`crate::idempotency`]).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only the derived parameter is used")]
pub struct IdempotencyKey {
    /// Chosen by the caller for each new request: 1 to 255 visible characters in quotes, for example a UUID. Repeating
    /// a request with its key within a day returns the stored answer instead of executing it again
    /// (draft-ietf-httpapi-idempotency-key-header).
    #[param(rename = "Idempotency-Key", example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")]
    idempotency_key: Option<String>,
}

/// 500 and 503: a fault of the service, or one of these business errors with status 500.
#[derive(Clone, Copy, Debug)]
pub enum ServerError<
    const A: u16 = 0,
    const B: u16 = 0,
    const C: u16 = 0,
    const D: u16 = 0,
    const E: u16 = 0,
    const F: u16 = 0,
> {}

impl<const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16> IntoResponses
    for BadRequest<A, B, C, D, E, F>
{
    fn responses() -> Responses {
        let description = "The request is invalid; the message names the field.";
        [error(400, description, &business_errors([A, B, C, D, E, F]))].into()
    }
}

impl IntoResponses for BodyRefused {
    fn responses() -> Responses {
        let mut responses = TooLarge::responses();
        responses.extend([error(415, "The content type is not JSON.", &[])]);
        responses
    }
}

impl IntoResponses for TooLarge {
    fn responses() -> Responses {
        [error(413, "The request or its answer is larger than 1 MB.", &[])].into()
    }
}

impl IntoResponses for TokenRefused {
    fn responses() -> Responses {
        let message = ObjectBuilder::new().property("msg", text()).required("msg");
        let description = "The token is missing, malformed or expired, or belongs to no active account.";
        [("401".to_owned(), response(description, message.into(), json!({ "msg": "Token has expired" })))].into()
    }
}

impl IntoResponses for CallerRefused {
    fn responses() -> Responses {
        let unknown = error(401, "The API key or token is missing or invalid.", &[]);
        [unknown, error(403, "The account is not an administrator's.", &[])].into()
    }
}

impl IntoResponses for NotFound {
    fn responses() -> Responses {
        [error(404, "The resource named by the path does not exist.", &[])].into()
    }
}

impl IntoResponses for Conflict {
    fn responses() -> Responses {
        [error(409, "The request contradicts what is stored.", &[])].into()
    }
}

impl IntoResponses for KeyReused {
    fn responses() -> Responses {
        [error(422, "The `Idempotency-Key` was used for another request.", &[])].into()
    }
}

impl<const A: u16, const B: u16, const C: u16, const D: u16, const E: u16, const F: u16> IntoResponses
    for ServerError<A, B, C, D, E, F>
{
    fn responses() -> Responses {
        let failed = error(500, "The service failed.", &business_errors([A, B, C, D, E, F]));
        let (status, busy) = error(503, "The service is overloaded or the database is unavailable: retry.", &[]);
        let RefOr::T(mut busy) = busy else { return [failed].into() };
        let seconds = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Integer)));
        busy.headers.insert("Retry-After".to_owned(), seconds.description(Some("Seconds.")).build().into());
        [failed, (status, busy.into())].into()
    }
}

/// Returns the schema of `null`.
pub fn null() -> Schema {
    ObjectBuilder::new().schema_type(Type::Null).into()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Looks up business errors by code; 0 stands for none.
fn business_errors(codes: [u16; 6]) -> Vec<Business> {
    let error = |code: u16| {
        let code = code.to_string();
        let error = Business::ALL.into_iter().find(|error| error.code() == code);
        error.unwrap_or_else(|| panic!("{code} is not a business error"))
    };
    codes.into_iter().filter(|code| *code != 0).map(error).collect()
}

/// Describes an answer in the envelope, whose code is the status or one of `business`.
fn error(status: u16, description: &str, business: &[Business]) -> (String, RefOr<Response>) {
    let lines = business.iter().map(|error| format!("\n- `{}` {}", error.code(), error.message()));
    let description = match business {
        [] => description.to_owned(),
        _ => format!("{description} Or one of these business errors:\n{}", lines.collect::<String>()),
    };
    let message = business.first().map_or("…", |error| error.message());
    let example = business.first().map_or_else(|| json!(status), |error| json!(error.code()));
    let example = json!({ "data": null, "error": { "code": example, "message": message } });

    let error = ObjectBuilder::new().property("code", code(status, business)).required("code");
    let error = error.property("message", text());
    let error = match business {
        [] => error,
        _ => error.property("detail", text().description(Some("Where in the file or questionnaire."))),
    };
    let body = ObjectBuilder::new().property("data", null()).required("data");
    let body = body.property("error", error.required("message")).required("error");
    (status.to_string(), response(&description, body.into(), example))
}

/// Returns the schema of a code: the status, or one of the codes of `business`. Client generators drop an answer whose
/// `enum` mixes types.
fn code(status: u16, business: &[Business]) -> Schema {
    let number = ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([status]));
    if business.is_empty() {
        return number.into();
    }
    let text = text().enum_values(Some(business.iter().map(|error| error.code())));
    OneOfBuilder::new().item(text).item(number).into()
}

fn response(description: &str, body: Schema, example: Value) -> RefOr<Response> {
    let content = ContentBuilder::new().schema(Some(body)).example(Some(example));
    ResponseBuilder::new().description(description).content("application/json", content.build()).build().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(responses: &Responses) -> Value {
        serde_json::to_value(responses).unwrap()
    }

    #[test]
    fn lists_business_errors_among_the_codes() {
        let responses = document(&ServerError::<1002, 1040>::responses());

        let schema = &responses["500"]["content"]["application/json"]["schema"];
        let code = &schema["properties"]["error"]["properties"]["code"];
        let [text, number] = [&code["oneOf"][0], &code["oneOf"][1]];
        assert_eq!(*text, json!({ "type": "string", "enum": ["1002", "1040"] }));
        assert_eq!(*number, json!({ "type": "integer", "enum": [500] }));
        assert!(responses["500"]["description"].as_str().unwrap().contains("`1040` Email failed to send."));
    }

    #[test]
    fn uses_the_status_as_code_without_business_errors() {
        let responses = document(&<BadRequest>::responses());

        let schema = &responses["400"]["content"]["application/json"]["schema"];
        assert_eq!(schema["properties"]["error"]["properties"]["code"], json!({ "type": "integer", "enum": [400] }));
    }

    #[test]
    #[should_panic(expected = "1234 is not a business error")]
    fn panics_on_an_unknown_code() {
        ServerError::<1234>::responses();
    }
}
