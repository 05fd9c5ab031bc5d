//! The document as an HTML page without scripts or external resources.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind, context};
use pulldown_cmark::{Parser, html};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi as Document;

use crate::example;

const STYLE: &str = include_str!("page.css");

/// Renders `document` as HTML.
pub fn page(document: &Document) -> Result<String, Error> {
    let unreadable = |error: serde_json::Error| Error::new(ErrorKind::BadSerialization, error.to_string());
    let document = serde_json::to_value(document).map_err(unreadable)?;
    let context = context! { document => Value::from(Serde(&document)), style => STYLE };
    let mut environment = Environment::new();
    environment.add_filter("markdown", markdown);
    environment.add_filter("example", move |schema: Serde<serde_json::Value>| {
        serde_json::to_string_pretty(&example::example(&schema.0, &document)).map_err(unreadable)
    });
    environment.add_template("page.html", include_str!("page.html"))?;
    environment.get_template("page.html")?.render(context)
}

/// Returns a policy that allows only the page's own style sheet.
pub(crate) fn content_security_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Renders descriptions, which are Markdown (OpenAPI 3.1, section 4.4). Trusts the input, because it is our own.
fn markdown(text: &str) -> Value {
    let mut rendered = String::new();
    html::push_html(&mut rendered, Parser::new(text));
    Value::from_safe_string(rendered)
}
