//! The document as one HTML page: no script, and nothing from elsewhere.

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use pulldown_cmark::{Parser, html};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi as Document;

use crate::example;

const STYLE: &str = include_str!("page.css");

/// What `/api/docs` answers.
pub(crate) struct Page {
    pub html: String,
    /// Lets the browser use the page's own style sheet and nothing else.
    pub content_security_policy: HeaderValue,
}

impl Page {
    /// Renders `document`.
    pub(crate) fn of(document: &Document) -> Result<Self, Error> {
        let unreadable = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
        let document = serde_json::to_value(document).map_err(unreadable)?;
        let context = context! { document => Value::from(Serde(&document)), style => STYLE };
        let mut environment = Environment::new();
        environment.add_filter("markdown", markdown);
        environment.add_filter("example", move |schema: Serde<serde_json::Value>| {
            serde_json::to_string_pretty(&example::example(&schema.0, &document)).map_err(unreadable)
        });
        environment.add_template("page.html", include_str!("page.html"))?;
        let page = environment.get_template("page.html")?;
        let html = page.render(context)?;
        let digest = STANDARD.encode(Sha256::digest(STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        let content_security_policy = HeaderValue::try_from(policy)
            .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))?;
        Ok(Self { html, content_security_policy })
    }
}

/// Descriptions are Markdown (OpenAPI 3.1, section 4.4), and our own.
fn markdown(text: &str) -> Value {
    let mut rendered = String::new();
    html::push_html(&mut rendered, Parser::new(text));
    Value::from_safe_string(rendered)
}
