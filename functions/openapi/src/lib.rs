//! `GET /api/openapi.json`: anyone; the description of every route (OpenAPI 3.1). `GET /api/docs`: anyone; the same as a
//! page. Neither route uses the database or secrets.

mod document;
mod example;
mod links;
mod operations;
mod page;
mod routes;

pub use document::document;
pub use page::page;
pub use routes::{Api, JSON, PAGE, router};
