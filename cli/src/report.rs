//! What a command prints on standard output: text for a person, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

/// How a command ends that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Exit code 0.
    Done,
    /// A check found something wrong: exit code 1.
    FoundWrong,
}

/// The outcome of a command. Its JSON is what it serializes as.
pub trait Report: Serialize {
    /// Writes it for a person; colours are stripped where nobody sees them.
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;

    /// How the command ends.
    fn ending(&self) -> Ending {
        Ending::Done
    }

    /// Prints it as asked.
    fn print(&self, json: bool) -> io::Result<()>
    where
        Self: Sized,
    {
        let mut out = anstream::stdout().lock();
        let printed = if json {
            serde_json::to_writer_pretty(&mut out, self).map_err(io::Error::from).and_then(|()| writeln!(out))
        } else {
            self.write(&mut out)
        };
        // whether it was read or not, a check that found something wrong ends with 1
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }
}
