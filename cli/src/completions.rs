//! `augmed completions`: prints a completion script for bash, elvish, fish, powershell or zsh.

use std::io::Write as _;

use clap::Args;
use clap_complete::Shell;

use crate::failure::Failure;
use crate::report::Ending;

const AFTER_HELP: &str = "\
Examples:
  augmed completions bash > /etc/bash_completion.d/augmed
  augmed completions zsh  > ~/.zfunc/_augmed
  augmed completions fish > ~/.config/fish/completions/augmed.fish";

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Prints the script for `command`, the whole command line.
pub fn run(arguments: &Arguments, mut command: clap::Command) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "augmed", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(Ending::Done)
}
