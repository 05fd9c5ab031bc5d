//! The container: every function's router in one process.

mod admission;
mod admitted;
pub mod connections;
mod frontend;
pub mod process;

use axum::Router;
use shared::{App, Config, http};

/// Every route of the API.
pub fn router() -> Router<App> {
    of_nothing().merge(of_passwords()).merge(of_mail()).merge(of_the_database()).merge(export::router())
}

/// Routes that need neither the database nor a password, and are always answered.
fn of_nothing() -> Router<App> {
    Router::new().merge(healthcheck::router()).merge(openapi::router())
}

fn of_passwords() -> Router<App> {
    Router::new().merge(auth_login::router()).merge(auth_signup::router()).merge(auth_reset_password::router())
}

fn of_mail() -> Router<App> {
    auth_reset_password_request::router()
}

fn of_the_database() -> Router<App> {
    Router::new()
        .merge(cases::router())
        .merge(case_reviews::router())
        .merge(config_answer::router())
        .merge(answer::router())
        .merge(analytics::router())
        .merge(admin_audit::router())
        .merge(admin_users::router())
        .merge(admin_config::router())
        .merge(configs_batch::router())
        .merge(experiments::router())
}

/// What the container serves: [`router`] with everything around it.
pub fn service(app: App, config: &Config) -> Router {
    let admitted = of_nothing()
        .merge(admission::of_passwords(of_passwords()))
        .merge(admission::of_mail(of_mail()))
        .merge(admission::of_the_database(
            of_the_database().merge(admission::of_exports(export::router())),
            config.database_max_connections,
        ));
    let api = http::service(admitted.with_state(app), &config.cors_origins);
    match &config.frontend_directory {
        Some(directory) => frontend::beside(api, directory),
        None => api,
    }
}
