//! The function behind `GET /api/cases`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(cases::router, cases::ADMISSION)
}
