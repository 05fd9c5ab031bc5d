//! The function behind `POST /api/auth/signup`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(auth_signup::router, auth_signup::ADMISSION)
}
