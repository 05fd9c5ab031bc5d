//! The function behind `/admin/config/*` and `/api/admin/config/*`.

use std::process::ExitCode;

fn main() -> ExitCode {
    shared::lambda::run(admin_config::router, admin_config::ADMISSION)
}
