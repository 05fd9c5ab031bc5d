//! The function behind `POST /api/auth/reset-password-request`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(auth_reset_password_request::router, auth_reset_password_request::ADMISSION)
}
