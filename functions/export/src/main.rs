//! The function behind `GET /api/v1/export/*`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(export::router, export::ADMISSION)
}
