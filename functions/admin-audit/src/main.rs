//! The function behind `GET /admin/audit`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(admin_audit::router, admin_audit::ADMISSION)
}
