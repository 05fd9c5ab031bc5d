//! Explanations of PostgreSQL errors for operators.

/// Returns what `error` means and what to do about it, where PostgreSQL's own text does not say so.
pub fn explanation(error: &sqlx::Error) -> Option<&'static str> {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code)?;
    of_code(&code)
}

/// Explains SQLSTATEs of PostgreSQL's appendix A.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "42501" => {
            "the role lacks a privilege. The service's role may only do what requests need; `augmed` uses the owner from DATABASE_OWNER_URL. If that role lacks the privilege, make it the owner of the table or GRANT it the privilege: `augmed migrate plan` lists what is missing"
        }
        "25006" => {
            "this database is read-only: it is a replica, or default_transaction_read_only is on. Use the address of the primary"
        }
        "08P01" => {
            "a pooler refused the startup parameters. Work that needs a session uses DATABASE_DIRECT_URL: set it to an address that bypasses the pooler"
        }
        "42P05" | "26000" => {
            "a pooler changed the server connection between two statements. Set DATABASE_DIRECT_URL to an address that bypasses the pooler: then nothing expects a session of DATABASE_URL"
        }
        "53300" => "PostgreSQL has no connection left: put a pooler in front of it, or raise max_connections",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_explanation_says_what_to_do() {
        for (code, remedy) in [
            ("42501", "GRANT"),
            ("25006", "primary"),
            ("08P01", "DATABASE_DIRECT_URL"),
            ("42P05", "DATABASE_DIRECT_URL"),
            ("53300", "max_connections"),
        ] {
            assert!(of_code(code).unwrap_or_default().contains(remedy), "{code}");
        }
    }
}
