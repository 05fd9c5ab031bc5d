//! The output of a command on standard output: text for a person, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

/// How a command that did not fail ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Exit code 0.
    Done,
    /// A check found something wrong: exit code 1.
    FoundWrong,
}

/// The result of a command, serializable as JSON.
pub trait Report: Serialize {
    /// Writes text for a person; colours are stripped unless it is a terminal.
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Returns how the command ends.
    fn ending(&self) -> Ending {
        Ending::Done
    }

    /// Prints as text or JSON.
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
        // a failed check exits with 1 even if the reader has closed the output
        match printed.and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed,
        }
    }
}
