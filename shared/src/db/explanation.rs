//! What some errors of PostgreSQL mean for whoever runs the service.

/// Returns what `error` means and what to do about it, where its own text does not say so.
pub fn explanation(error: &sqlx::Error) -> Option<&'static str> {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code)?;
    of_code(&code)
}

/// SQLSTATEs of PostgreSQL's appendix A.
fn of_code(code: &str) -> Option<&'static str> {
    Some(match code {
        "42501" => {
            "the role lacks a right. The service has a role that may do what its requests need; `augmed` takes the owner from DATABASE_OWNER_URL. An owner who lacks a right himself has to own the table, or its owner has to GRANT it: `augmed migrate plan` lists what is missing"
        }
        "25006" => {
            "this database can only be read: it is a replica, or default_transaction_read_only is on. Use the address of the primary"
        }
        "08P01" => {
            "a pooler between here and PostgreSQL refused what it was sent. What needs a session takes DATABASE_DIRECT_URL, an address past the pooler"
        }
        "42P05" | "26000" => {
            "a pooler gave the connection to somebody else between two statements. Set DATABASE_DIRECT_URL, an address past the pooler: then nothing expects a session of DATABASE_URL"
        }
        "53300" => "PostgreSQL has no connection left: put a pooler before it, or raise max_connections",
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
