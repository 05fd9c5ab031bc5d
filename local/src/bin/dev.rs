//! `cargo dev`: runs the whole API on this machine.

use std::process::ExitCode;

use clap::Parser as _;
use local::dev::{self, Arguments};

#[tokio::main]
async fn main() -> ExitCode {
    match dev::run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
