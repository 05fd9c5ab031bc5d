//! The function behind `POST /api/answer/{task_id}`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(answer::router, answer::ADMISSION)
}
