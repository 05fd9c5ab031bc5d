//! A statement in pgbench: PostgreSQL's performance with a client that does nothing else.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use crate::Failure;
use crate::arguments::Pace;
use crate::measured::{Measured, Request, Window};
use crate::postgres::Cluster;
use crate::process;
use crate::route::{Argument, Route};
use crate::statement;
use crate::study::{READERS, Study, WRITERS};

/// Returns the script for a route's statement. pgbench has only numeric and constant variables, so the script derives addresses and ids
/// in SQL.
pub fn script(route: &Route, sql: &str) -> Result<String, Failure> {
    let argument = |n: usize| {
        let parameter = route.parameters.get(n)?;
        Some(match parameter.value {
            Argument::Email => "('p' || :participant::text || '@bench.test')".to_owned(),
            Argument::Assignment => "md5(:participant::text || '-' || :assignment::text)".to_owned(),
            Argument::Constant(_) => format!(":argument_{n}::{}", parameter.sql_type),
        })
    };
    let statement = statement::with_arguments(sql, argument)?;
    let ((participants, each), (before, _, unanswered)) = (READERS, WRITERS);
    let picked = if route.writes {
        format!(
            "\\set n :client_id * :share + :next\n\\set next :next + 1\n\
             \\set participant {before} + 1 + :n / {unanswered}\n\\set assignment 1 + :n % {unanswered}\n"
        )
    } else {
        format!("\\set participant random(1, {participants})\n\\set assignment random(1, {each})\n")
    };
    Ok(format!("{picked}{statement};\n"))
}

/// Measures this many concurrent clients.
pub async fn measure(
    cluster: &Cluster,
    study: &Study,
    route: &Route,
    script: &str,
    clients: usize,
    pace: &Pace,
) -> Result<Measured, Failure> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("statement.sql");
    std::fs::write(&file, script)?;
    // pgbench takes whole seconds, and the window must be complete
    let seconds = (pace.warm_up + pace.window + Duration::from_millis(300)).as_secs_f64().ceil();
    let mut command = cluster.program("pgbench")?;
    command.args(["--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=log", "--random-seed=1"]);
    command.arg(format!("--client={clients}")).arg(format!("--jobs={}", clients.min(2)));
    command.arg(format!("--time={seconds}")).arg("--file").arg(&file);
    command.arg("--define=next=0").arg(format!("--define=share={}", study.unanswered.len() / clients));
    for (n, parameter) in route.parameters.iter().enumerate() {
        if let Argument::Constant(value) = parameter.value {
            command.arg(format!("--define=argument_{n}={value}"));
        }
    }
    command.arg(&study.database.url).current_dir(directory.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let pid = child.id().ok_or("pgbench has exited")?;
    let output = tokio::spawn(child.wait_with_output());
    let (postgres, client) = (|| study.database.cpu(), || process::cpu(pid));
    let window = Window::wait(pace, &[&postgres, &|| Ok(Duration::ZERO), &client]).await;
    let output = output.await??;
    if !output.status.success() {
        let mut problem = String::from("pgbench: ");
        write!(problem, "{}", String::from_utf8_lossy(&output.stderr))?;
        return Err(problem.into());
    }
    window?.measured(&transactions(directory.path())?)
}

/// Reads its logs, one file per thread.
fn transactions(directory: &std::path::Path) -> Result<Vec<Request>, Failure> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log.")) {
            all.extend(std::fs::read_to_string(path)?.lines().filter_map(transaction));
        }
    }
    Ok(all)
}

/// Parses `client_id transaction_no time script_no time_epoch time_us`, with `time` in microseconds.
fn transaction(line: &str) -> Option<Request> {
    let mut fields = line.split(' ').skip(2);
    let latency = Duration::from_micros(fields.next()?.parse().ok()?);
    let (seconds, microseconds) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(microseconds), latency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::ROUTES;

    #[test]
    fn a_log_line_has_the_end_and_duration_of_a_transaction() {
        let (ended, latency) = transaction("0 199 2241 0 1175850568 995598").unwrap();

        assert_eq!(ended, UNIX_EPOCH + Duration::from_micros(1_175_850_568_995_598));
        assert_eq!(latency, Duration::from_micros(2241));
    }

    #[test]
    fn a_statement_that_writes_uses_each_assignment_once() {
        let script = script(&ROUTES[3], "INSERT INTO answer VALUES ($2, $3)").unwrap();

        assert!(script.contains("\\set next :next + 1\n"));
        assert!(script.ends_with(
            "INSERT INTO answer VALUES (md5(:participant::text || '-' || :assignment::text), :argument_2::uuid);\n"
        ));
    }
}
