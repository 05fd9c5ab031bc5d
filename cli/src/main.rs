//! `augmed`: the command line for people who run a study.
//!
//! To follow a command, read [`arguments`] (the command line) → [`dispatch`] → its module → [`context`] (database and
//! configuration) → [`report`] (its output) or [`failure`] (why it failed).
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done; 1 failed, or a check found
//! something wrong; 2 the command line is wrong.

mod arguments;
mod assignments;
mod case;
mod columns;
mod commands;
mod compare;
mod completions;
mod confirmation;
mod context;
mod demo_study;
mod dispatch;
mod doctor;
mod export;
mod exposures;
mod failure;
mod html_page;
mod input;
mod load;
mod migration;
mod output;
mod page_config;
mod people;
mod plausibility;
mod progress;
mod questionnaire;
mod random;
mod report;
mod study;
mod table;
mod table_text;
mod token;
mod users;
mod waiting;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;
use context::Context;
use mimalloc::MiMalloc;

/// The container's server is the same file, and needs this allocator: see its `main.rs`.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // the container's image has one file under both names, because most of their code is the same
    if is_called("augmed-server") {
        return server::process::main();
    }
    // a panic is reported like any other failure: without stack trace, and without values that its message may quote
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        anstream::eprintln!("error: a defect of augmed itself, at {place}\nPlease report it with the command you ran.");
    }));
    let arguments = Arguments::parse();
    let context = Context::new(arguments.json);
    match std::panic::catch_unwind(|| start(arguments, &context)) {
        Ok(code) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

fn is_called(name: &str) -> bool {
    std::env::args_os().next().is_some_and(|path| Path::new(&path).file_name() == Some(name.as_ref()))
}

fn start(arguments: Arguments, context: &Context) -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failure::print(&error.into(), context.json),
    };
    match runtime.block_on(dispatch::run(arguments.command, context)) {
        Ok(report::Ending::Done) => ExitCode::SUCCESS,
        Ok(report::Ending::FoundWrong) => ExitCode::FAILURE,
        Err(failure) if failure.is_unread => ExitCode::SUCCESS,
        Err(failure) => failure::print(&failure, context.json),
    }
}
