//! The function behind `POST /api/analytics`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(analytics::router, analytics::ADMISSION)
}
