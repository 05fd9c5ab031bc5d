//! Before something is lost, a person says yes: at the terminal, or beforehand with `--yes`.

use std::io::IsTerminal as _;

use clap::Args;
use dialoguer::Confirm;

use crate::failure::Failure;

/// For commands that destroy something.
#[derive(Clone, Copy, Debug, Args)]
pub struct Confirmation {
    /// Do it without asking.
    #[arg(long, short)]
    yes: bool,
}

impl Confirmation {
    /// Asks whether to do `what`; an error unless the answer is yes.
    pub fn ask(self, what: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return Err(Failure::usage(format!("this would {what}")).with_remedy("add --yes to do it"));
        }
        let confirmed = Confirm::new().with_prompt(format!("This will {what}. Go on?")).default(false).interact();
        match confirmed {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::new("nothing was changed")),
            Err(dialoguer::Error::IO(error)) => Err(error.into()),
        }
    }
}
