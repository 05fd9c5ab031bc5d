//! The function behind `GET /api/healthcheck`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run_stateless(healthcheck::router)
}
