//! The function behind `/api/v1/experiments`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(experiments::router, experiments::ADMISSION)
}
