//! The function behind `POST /api/auth/reset-password`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(auth_reset_password::router, auth_reset_password::ADMISSION)
}
