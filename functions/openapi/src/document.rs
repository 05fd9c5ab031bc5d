//! The document, assembled from the parts of all functions.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa::{Modify, OpenApi};

use crate::links::Links;
use crate::operations::operations;

/// The metadata of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "AugMed API",
        description = "Clinicians review de-identified patient cases and answer a questionnaire about each.\n\n\
            Answers are wrapped in an envelope, `{\"data\": …, \"error\": null}` or `{\"data\": null, \"error\": {\"code\": …, \"message\": …}}`. \
            The code is a text for business errors, which have status 500, and the status for all others. \
            Every answer has an `x-request-id`, which identifies its log lines.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "The server of this document.")),
    tags(
        (name = "auth", description = "Accounts and tokens."),
        (name = "review", description = "Requests of participants: the next case, its review, the questions, the answer and its timing."),
        (name = "export", description = "Data for researchers, in pages, as JSON or CSV."),
        (name = "experiments", description = "Adaptive experiments, their runs, and the assignments that these create."),
        (name = "admin", description = "Accounts, assignments and questionnaires."),
        (name = "health", description = "For load balancers."),
        (name = "documentation", description = "This document.")
    )
)]
struct Common;

/// The operations of each function.
const PARTS: [fn() -> Document; 17] = [
    auth_login::Api::openapi,
    auth_signup::Api::openapi,
    auth_reset_password_request::Api::openapi,
    auth_reset_password::Api::openapi,
    cases::Api::openapi,
    case_reviews::Api::openapi,
    config_answer::Api::openapi,
    answer::Api::openapi,
    analytics::Api::openapi,
    export::Api::openapi,
    experiments::Api::openapi,
    configs_batch::Api::openapi,
    admin_users::Api::openapi,
    admin_audit::Api::openapi,
    admin_config::Api::openapi,
    healthcheck::Api::openapi,
    crate::routes::Api::openapi,
];

/// Returns the description of all routes.
pub fn document() -> Document {
    let mut document = Document::default();
    for part in PARTS {
        document.merge(part());
    }
    let common = Common::openapi();
    (document.info, document.servers, document.tags) = (common.info, common.servers, common.tags);
    SecuritySchemes.modify(&mut document);
    RenewedToken.modify(&mut document);
    Links.modify(&mut document);
    // after `RenewedToken`, which skips operations without credentials
    PublicOperations.modify(&mut document);
    document
}

/// Declares explicitly that an operation needs no credentials; some tools treat a missing declaration as an omission.
struct PublicOperations;

impl Modify for PublicOperations {
    fn modify(&self, document: &mut Document) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            operation.security.get_or_insert_default();
        }
    }
}

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let token = token.description(Some("The token from the `Authorization` header of `POST /api/auth/login`."));
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
        for (name, description) in [
            ("service_key", "The key of services (`EXPORT_API_KEY`)."),
            ("admin_key", "The key of administrators (`ADMIN_API_KEY`)."),
        ] {
            let key = ApiKey::Header(ApiKeyValue::with_description("X-API-Key", description));
            components.add_security_scheme(name, SecurityScheme::ApiKey(key));
        }
    }
}

/// Adds the token to the answers of operations with credentials; it may be renewed (contract section 1).
struct RenewedToken;

impl Modify for RenewedToken {
    fn modify(&self, document: &mut Document) {
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            if operation.security.is_none() {
                continue;
            }
            for response in operation.responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
                let RefOr::T(response) = response.1 else { continue };
                let token = HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String)));
                let token = token.description(Some(
                    "`Bearer <token>`: the token of the request, or a renewed one to use from now on.",
                ));
                response.headers.insert("Authorization".to_owned(), token.build().into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn schema_names_are_unique() {
        let mut schemas = BTreeMap::new();
        for (name, schema) in PARTS.into_iter().filter_map(|part| part().components).flat_map(|part| part.schemas) {
            let known = schemas.entry(name.clone()).or_insert_with(|| schema.clone());
            assert!(*known == schema, "two functions use the name {name} for different types");
        }
        assert!(schemas.len() > 10);
    }
}
