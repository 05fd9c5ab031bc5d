//! Reads a handler's statement from PostgreSQL.

use regex_lite::{Captures, Regex};
use sqlx::PgConnection;

use crate::Failure;

/// Returns the API's last statement that contains `part`.
pub async fn last(connection: &mut PgConnection, part: &str) -> Result<String, Failure> {
    let query = "SELECT query FROM pg_stat_activity
                 WHERE application_name = 'augmed' AND datname = current_database() AND strpos(query, $1) > 0
                 ORDER BY query_start DESC LIMIT 1";
    let last: Option<String> = sqlx::query_scalar(query).bind(part).fetch_optional(connection).await?;
    last.ok_or_else(|| format!("the API has sent no statement with `{part}`").into())
}

/// Replaces each `$n` with `argument(n)`, n from 0. Removes comments, because they may name parameters.
pub fn with_arguments(statement: &str, argument: impl Fn(usize) -> Option<String>) -> Result<String, Failure> {
    let parameter = Regex::new(r"\$([0-9]+)")?;
    let lines = statement.lines().filter(|line| !line.trim_start().starts_with("--"));
    let statement = lines.collect::<Vec<_>>().join("\n");
    let argument_of = |found: &Captures<'_>| argument(found[1].parse::<usize>().ok()?.checked_sub(1)?);
    if let Some(without) = parameter.captures_iter(&statement).find(|found| argument_of(found).is_none()) {
        return Err(format!("there is no argument for {}", &without[0]).into());
    }
    let replaced = parameter.replace_all(&statement, |found: &Captures<'_>| argument_of(found).unwrap_or_default());
    Ok(replaced.into_owned())
}

#[cfg(test)]
mod tests {
    use super::with_arguments;

    #[test]
    fn every_parameter_gets_its_argument() {
        let statement = "-- $1's assignment\nSELECT $1, $2\n  -- and $10\nWHERE $1 = $10";

        let sql = with_arguments(statement, |n| Some(format!(":a{n}::text"))).unwrap();

        assert_eq!(sql, "SELECT :a0::text, :a1::text\nWHERE :a0::text = :a9::text");
    }

    #[test]
    fn an_error_names_a_parameter_without_an_argument() {
        let error = with_arguments("SELECT $1, $2", |n| (n == 0).then(|| "1".to_owned())).unwrap_err();

        assert_eq!(error.to_string(), "there is no argument for $2");
    }
}
