//! Runs a command with `DATABASE_URL` set to a migrated database that is created for it and dropped afterwards.

use std::env;
use std::error::Error;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use local::postgres::{self, Config, Server};
use migrate::Runner;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

/// Base of the exit code that shells return for a program ended by a signal; the signal's number is added.
const ENDED_BY_SIGNAL: i32 = 128;

#[tokio::main]
async fn main() -> ExitCode {
    match run(env::args().skip(1).collect()).await {
        Ok(status) => exit_code(status),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Vec<String>) -> Result<ExitStatus, Failure> {
    if command.is_empty() {
        return Err("usage: with-database COMMAND [ARGUMENT]…".into());
    }
    // the command also gets Ctrl-C and handles it; the database is dropped afterwards
    let _interrupts = signal(SignalKind::interrupt())?;
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    let config = Config::test(postgres::scratch_directory(&target));
    let server = spawn_blocking(move || Server::start(&config)).await??;
    let name = format!("with_database_{}", Uuid::new_v4().simple());
    let mut connection = PgConnection::connect(&server.url("postgres")).await?;
    sqlx::query(&format!("CREATE DATABASE {name}")).execute(&mut connection).await?;
    let status = in_database(server.url(&name), command).await;
    sqlx::query(&format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut connection).await?;
    status
}

async fn in_database(url: String, command: Vec<String>) -> Result<ExitStatus, Failure> {
    let options: PgConnectOptions = url.parse()?;
    Runner::new(&options).up(None).await?;
    let status =
        spawn_blocking(move || Command::new(&command[0]).args(&command[1..]).env("DATABASE_URL", url).status());
    Ok(status.await??)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(ENDED_BY_SIGNAL + status.signal()?)).unwrap_or(1);
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}
