//! Detects a quote that is not closed at the end of a file, and text after a closing quote. csv reports neither as an error: it reads the
//! rest of the file as one cell, and misreads the text.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// The problem of a cell whose text continues after its closing quote, as in `"a \"b\""` of programs that escape quotes with a backslash.
pub const ODD_CELL: &str = "text follows a closing quote; a quote within quotes is written twice";

/// The faults of the quotes of a file being read.
#[derive(Clone, Debug, Default)]
pub struct QuoteFaults(Rc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    unclosed: Cell<Option<u64>>,
    odd_cells: RefCell<VecDeque<u64>>,
}

impl QuoteFaults {
    /// Returns the byte offset of the unclosed quote, when the file has been read to its end.
    pub fn unclosed(&self) -> Option<u64> {
        self.0.unclosed.get()
    }

    /// Returns the byte offset of the first new cell before `end` with text after its closing quote.
    pub fn odd_cell_before(&self, end: u64) -> Option<u64> {
        let mut cells = self.0.odd_cells.borrow_mut();
        let first = cells.pop_front_if(|at| *at < end);
        while cells.pop_front_if(|at| *at < end).is_some() {}
        first
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
    /// After a closing quote and blanks.
    Closed,
}

/// A reader that tracks quotes by csv's rules: a quote opens a cell only at its start.
pub struct Watched<R> {
    content: R,
    delimiter: u8,
    state: State,
    offset: u64,
    opened: u64,
    found: QuoteFaults,
}

impl<R: Read> Watched<R> {
    pub fn new(content: R, delimiter: u8, found: QuoteFaults) -> Self {
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
            (State::QuoteInQuoted | State::Closed, b' ') => State::Closed,
            (State::QuoteInQuoted | State::Closed, _) => {
                self.found.0.odd_cells.borrow_mut().push_back(self.opened);
                State::Plain
            }
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
            self.found.0.unclosed.set(Some(self.opened));
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd_cells(text: &str) -> Vec<u64> {
        let found = QuoteFaults::default();
        io::copy(&mut Watched::new(text.as_bytes(), b',', found.clone()), &mut io::sink()).unwrap();
        std::iter::from_fn(|| found.odd_cell_before(u64::MAX)).collect()
    }

    #[test]
    fn text_after_a_closing_quote_is_found() {
        for (text, at) in [
            ("a,\"b \\\"c\\\"\"\n", vec![2]),
            ("\"a\"b,c\n", vec![0]),
            ("\"a\" \"b\"\n", vec![0]),
            ("\"a\" ,\"b\"\"\"\r\n\"\"\n", vec![]),
            ("5\" pipe,\"x\"", vec![]),
        ] {
            assert_eq!(odd_cells(text), at, "{text:?}");
        }
    }

    fn open_in(text: &str) -> Option<u64> {
        let found = QuoteFaults::default();
        io::copy(&mut Watched::new(text.as_bytes(), b',', found.clone()), &mut io::sink()).unwrap();
        found.unclosed()
    }

    #[test]
    fn an_unclosed_quote_is_found() {
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
