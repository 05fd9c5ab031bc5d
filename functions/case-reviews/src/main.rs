//! The function behind `GET /api/case-reviews/{case_config_id}`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(case_reviews::router, case_reviews::ADMISSION)
}
