//! The function behind `GET /api/config/answer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(config_answer::router, config_answer::ADMISSION)
}
