//! The container: every function's router in one process.

pub mod connections;
mod frontend;
pub mod process;

use axum::Router;
use shared::http::Admission;
use shared::{App, Config, http};

/// Returns every route of the API.
pub fn router() -> Router<App> {
    routes().into_iter().fold(unlimited(), |all, (_, router)| all.merge(router))
}

/// Returns the routes without admission control, which need neither the database nor a password.
fn unlimited() -> Router<App> {
    Router::new().merge(healthcheck::router()).merge(openapi::router())
}

fn routes() -> [(Admission, Router<App>); 15] {
    [
        (auth_login::ADMISSION, auth_login::router()),
        (auth_signup::ADMISSION, auth_signup::router()),
        (auth_reset_password::ADMISSION, auth_reset_password::router()),
        (auth_reset_password_request::ADMISSION, auth_reset_password_request::router()),
        (cases::ADMISSION, cases::router()),
        (case_reviews::ADMISSION, case_reviews::router()),
        (config_answer::ADMISSION, config_answer::router()),
        (answer::ADMISSION, answer::router()),
        (analytics::ADMISSION, analytics::router()),
        (admin_audit::ADMISSION, admin_audit::router()),
        (admin_users::ADMISSION, admin_users::router()),
        (admin_config::ADMISSION, admin_config::router()),
        (configs_batch::ADMISSION, configs_batch::router()),
        (experiments::ADMISSION, experiments::router()),
        (export::ADMISSION, export::router()),
    ]
}

/// Returns every route, with one limit per kind of request.
fn limited(max_connections: u32) -> Router<App> {
    let mut all = unlimited();
    for kind in [Admission::Passwords, Admission::Mail, Admission::Database, Admission::Exports] {
        let of_kind = routes().into_iter().filter(|(admission, _)| *admission == kind);
        let of_kind = of_kind.fold(Router::new(), |all, (_, router)| all.merge(router));
        all = all.merge(kind.limit(of_kind, max_connections));
    }
    all
}

/// Returns the container's service: [`router`] with the HTTP surface and admission control.
pub fn service(app: App, config: &Config) -> Router {
    let api = http::service(limited(config.database_max_connections).with_state(app), &config.cors_origins);
    match &config.frontend_directory {
        Some(directory) => frontend::beside(api, directory),
        None => api,
    }
}
