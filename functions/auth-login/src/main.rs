//! The function behind `POST /api/auth/login`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(auth_login::router, auth_login::ADMISSION)
}
