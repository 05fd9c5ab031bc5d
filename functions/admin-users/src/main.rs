//! The function behind `/admin/users`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(admin_users::router, admin_users::ADMISSION)
}
