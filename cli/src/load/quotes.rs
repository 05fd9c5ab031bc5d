//! Detects a quote that is not closed at the end of a file. csv treats the rest of such a file as one cell.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// The quote state of a file being read.
#[derive(Clone, Debug, Default)]
pub struct OpenQuote(Rc<Cell<Option<u64>>>);

impl OpenQuote {
    /// Returns the byte offset of the unclosed quote, when the file has been read to its end.
    pub fn at_end_of_file(&self) -> Option<u64> {
        self.0.get()
    }
}

/// Position of the next byte in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: the end of the cell, or the first of two quotes.
    QuoteInQuoted,
}

/// A reader that tracks quotes by csv's rules: a quote opens a cell only at its start.
pub struct Watched<R> {
    content: R,
    delimiter: u8,
    state: State,
    offset: u64,
    opened: u64,
    found: OpenQuote,
}

impl<R: Read> Watched<R> {
    pub fn new(content: R, delimiter: u8, found: OpenQuote) -> Self {
        Self { content, delimiter, state: State::CellStart, offset: 0, opened: 0, found }
    }

    fn advance(&mut self, byte: u8) {
        let is_end = byte == self.delimiter || matches!(byte, b'\r' | b'\n');
        self.state = match (self.state, byte) {
            (State::CellStart, b'"') => {
                self.opened = self.offset;
                State::Quoted
            }
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
            _ if is_end => State::CellStart,
            _ => State::Plain,
        };
        self.offset += 1;
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(buffer)?;
        for byte in &buffer[..length] {
            self.advance(*byte);
        }
        if length == 0 && !buffer.is_empty() && self.state == State::Quoted {
            self.found.0.set(Some(self.opened));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_in(text: &str) -> Option<u64> {
        let found = OpenQuote::default();
        io::copy(&mut Watched::new(text.as_bytes(), b',', found.clone()), &mut io::sink()).unwrap();
        found.at_end_of_file()
    }

    #[test]
    fn a_quote_that_nothing_closes_is_found() {
        for (text, open) in [
            ("a,\"b\n1,2\n", Some(2)),
            ("a,\"b\"\"\n", Some(2)),
            ("\"", Some(0)),
            ("a,\"b\"\n", None),
            ("a,\"b\"\"\"\n", None),
            ("a,5\" pipe\n", None),
            ("a,\"b\"c\"\n", None),
            ("", None),
        ] {
            assert_eq!(open_in(text), open, "{text:?}");
        }
    }
}
