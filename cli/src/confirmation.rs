//! Asks a person for confirmation before data are lost, or accepts `--yes`.

use std::io::{self, IsTerminal as _, Write as _};

use clap::Args;

use crate::failure::Failure;

/// Argument of commands that destroy data.
#[derive(Clone, Copy, Debug, Args)]
pub struct Confirmation {
    /// Do not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Asks whether to do `what`; returns an error unless the answer is yes.
    pub fn ask(self, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Err(Failure::usage(format!("this would {what}")).with_remedy("add --yes to do it"));
        }
        anstream::eprint!("This will {what}. Continue? [y/N] ");
        io::stderr().flush()?;
        // reads a line instead of a key, so that the end of input (Ctrl-D, a closed terminal) ends it
        let mut answer = String::new();
        if io::stdin().read_line(&mut answer)? == 0 {
            anstream::eprintln!();
        }
        if is_yes(&answer) { Ok(()) } else { Err(Failure::new("nothing was changed")) }
    }
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_confirms() {
        assert!(["y", "Y\n", "yes\r\n", " Yes "].iter().all(|answer| is_yes(answer)));
        assert!(!["", "\n", "n", "yesterday", "yy"].iter().any(|answer| is_yes(answer)));
    }
}
