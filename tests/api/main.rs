//! One module per resource: what its routes answer, straight at the router, each test in a database of its own.

mod admin_users;
mod auth;
mod healthcheck;
