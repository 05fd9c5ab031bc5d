//! Detects a quote that is not closed, and text after a closing quote. csv reports neither as an error: it reads the rest of the file as
//! one cell, and misreads the text.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, Read};
use std::rc::Rc;

/// The problem of a cell whose text continues after its closing quote, as in `"a \"b\""` of programs that escape quotes with a backslash.
pub const ODD_CELL: &str = "text follows a closing quote; a quote within quotes is written twice";

/// Longer than any text of a case. Without a limit, an unclosed quote would read a file of gigabytes into memory.
const MAX_CELL_BYTES: u64 = 16 << 20;
/// The problem of a cell that is longer.
pub const TOO_LONG: &str =
    "a cell that begins here has more than 16 MB: if it begins with a quote, the quote is probably never closed";

/// The faults of the quotes of a file being read.
#[derive(Clone, Debug, Default)]
pub struct QuoteFaults(Rc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    unclosed: Cell<Option<u64>>,
    too_long: Cell<Option<u64>>,
    odd_cells: RefCell<VecDeque<u64>>,
}

impl QuoteFaults {
    /// Returns the byte offset of the unclosed quote, when the file has been read to its end.
    pub fn unclosed(&self) -> Option<u64> {
        self.0.unclosed.get()
    }

    /// Returns the byte offset of the cell that is too long; the file seems to end there.
    pub fn too_long(&self) -> Option<u64> {
        self.0.too_long.get()
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
    /// Where the cell began.
    opened: u64,
    max_cell_bytes: u64,
    found: QuoteFaults,
}

impl<R: Read> Watched<R> {
    pub fn new(content: R, delimiter: u8, found: QuoteFaults) -> Self {
        Self { content, delimiter, state: State::CellStart, offset: 0, opened: 0, max_cell_bytes: u64::MAX, found }
    }

    /// Ends the file in a cell that is too long, for files that are not in memory anyway.
    #[must_use]
    pub fn limited(self) -> Self {
        Self { max_cell_bytes: MAX_CELL_BYTES, ..self }
    }

    fn advance(&mut self, byte: u8) {
        let is_end = byte == self.delimiter || matches!(byte, b'\r' | b'\n');
        if self.state == State::CellStart {
            self.opened = self.offset;
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::CellStart | State::QuoteInQuoted, b'"') | (State::Quoted, _) => State::Quoted,
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
        if self.found.too_long().is_some() {
            return Ok(0);
        }
        let length = self.content.read(buffer)?;
        for byte in &buffer[..length] {
            self.advance(*byte);
        }
        if self.state != State::CellStart && self.offset - self.opened > self.max_cell_bytes {
            self.found.0.too_long.set(Some(self.opened));
            return Ok(0);
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
    fn a_cell_that_is_too_long_ends_the_file() {
        let found = QuoteFaults::default();
        let endless = "a,\"".as_bytes().chain(io::repeat(b'x'));

        let read = io::copy(&mut Watched::new(endless, b',', found.clone()).limited(), &mut io::sink()).unwrap();

        assert_eq!((found.too_long(), read <= MAX_CELL_BYTES + 3), (Some(2), true));
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
