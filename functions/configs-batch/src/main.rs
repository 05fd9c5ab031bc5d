//! The function behind `POST /api/v1/configs/batch`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(configs_batch::router, configs_batch::ADMISSION)
}
