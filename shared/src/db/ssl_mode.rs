//! How TLS to PostgreSQL is checked.

use sqlx::postgres::PgSslMode;

/// Verifies that the driver knows this mode. For an unknown `PGSSLMODE` sqlx would use `prefer`, which checks no
/// certificate.
pub(crate) fn check(mode: &str) -> Result<(), String> {
    let modes = "disable, allow, prefer, require, verify-ca or verify-full";
    mode.parse::<PgSslMode>().map(drop).map_err(|_| format!("has an unknown mode of TLS: write {modes}"))
}
