//! The container: every function's router in one process.

use axum::Router;
use shared::{App, Config, http};

/// Every route of the API.
pub fn router() -> Router<App> {
    Router::new()
        .merge(healthcheck::router())
        .merge(auth_login::router())
        .merge(auth_signup::router())
        .merge(auth_reset_password_request::router())
        .merge(auth_reset_password::router())
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
        .merge(export::router())
        .merge(openapi::router())
}

/// What the container serves: [`router`] with everything around it.
pub fn service(app: App, config: &Config) -> Router {
    http::service(router().with_state(app), &config.cors_origins)
}
