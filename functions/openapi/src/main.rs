//! The function behind `/api/openapi.json` and `/api/docs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run_stateless(openapi::router)
}
