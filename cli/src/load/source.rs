//! Reads a file of rows: plain or gzip, separated by commas or tabs, quoted or not.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use csv::{ByteRecord, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use super::lines;
use super::place::Place;
use super::quotes::{ODD_CELL, QuoteFaults, TOO_LONG, Watched};
use crate::failure::Failure;

/// RFC 1952 section 2.3.1.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Longer than any header.
const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// How cells are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// Always quoted with commas; with tabs only if the header is quoted. Athena's names contain literal quotes.
    Guessed,
    /// Also quoted with tabs.
    Always,
}

/// A file that is read row by row.
pub struct Source {
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
    quote_faults: QuoteFaults,
    /// Column names in lower case, without unnamed columns at the end.
    pub header: Vec<String>,
}

/// Why a row cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The row at this byte offset is wrong; later rows may be right.
    Row { at: u64, problem: String },
    /// The file cannot be read further: a disk error, truncated gzip.
    File(io::Error),
}

impl Source {
    /// Opens the file; `bar` advances with the bytes read.
    pub fn open(place: &Place, quoting: Quoting, bar: &ProgressBar) -> Result<Self, Failure> {
        let told = |problem: String| Failure::new(format!("{place}: {problem}"));
        let opened = place.open(bar).and_then(unpack);
        let (beginning, rest) = opened.map_err(|error| told(error.to_string()))?;
        let first_line = beginning.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        if first_line.trim_ascii().is_empty() {
            return Err(told("is empty: the names of the columns are missing".to_owned()));
        }
        if let Some(problem) = foreign(first_line) {
            return Err(told(format!("line 1: {problem}")));
        }
        let is_tabbed = first_line.contains(&b'\t');
        let is_quoted = !is_tabbed || quoting == Quoting::Always || first_line.starts_with(b"\"");
        let delimiter = if is_tabbed { b'\t' } else { b',' };
        let content = Cursor::new(beginning).chain(rest);
        let quote_faults = QuoteFaults::default();
        let content: Box<dyn Read> = if is_quoted {
            Box::new(Watched::new(content, delimiter, quote_faults.clone()).limited())
        } else {
            Box::new(content)
        };
        // the length of rows is checked here, because empty cells at the end do not count
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).quoting(is_quoted).flexible(true).from_reader(content);
        let header = reader.headers().map_err(|_| told(format!("line 1: {NOT_UTF8}")))?;
        let mut header: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        header.truncate(header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
        Ok(Self { reader, record: ByteRecord::new(), quote_faults, header })
    }

    /// Returns the next row with a non-empty cell. It has at least as many cells as the header, and only empty ones beyond.
    pub fn read(&mut self) -> Result<Option<&ByteRecord>, Unreadable> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(unreadable(error)),
            }
            if let Some(at) = self.quote_faults.unclosed() {
                let problem = "this quote is never closed: the rest of the file would be one cell".to_owned();
                return Err(Unreadable::Row { at, problem });
            }
            if let Some(at) = self.quote_faults.too_long() {
                return Err(Unreadable::Row { at, problem: TOO_LONG.to_owned() });
            }
            if self.quote_faults.odd_cell_before(self.reader.position().byte()).is_some() {
                return Err(Unreadable::Row { at: at(&self.record), problem: ODD_CELL.to_owned() });
            }
            let (cells, named) = (self.record.len(), self.header.len());
            if self.record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            if cells < named || self.record.iter().skip(named).any(|cell| !cell.is_empty()) {
                let problem = format!("has {cells} cells, but the header {named}");
                return Err(Unreadable::Row { at: at(&self.record), problem });
            }
            return Ok(Some(&self.record));
        }
    }
}

const NOT_UTF8: &str = "not UTF-8 text; a spreadsheet saves it as \"CSV UTF-8\"";

/// Returns what a file is instead of a table with commas or tabs, by its first line.
fn foreign(first_line: &[u8]) -> Option<&'static str> {
    if first_line.starts_with(b"PK\x03\x04") {
        return Some("the file is an Excel workbook or a ZIP archive; a spreadsheet saves it as \"CSV UTF-8\"");
    }
    if first_line.contains(&0) || first_line.starts_with(b"\xff\xfe") || first_line.starts_with(b"\xfe\xff") {
        return Some("the file is UTF-16 text; a spreadsheet saves it as \"CSV UTF-8\"");
    }
    if first_line.contains(&b',') || first_line.contains(&b'\t') {
        return None;
    }
    match first_line {
        line if line.contains(&b';') => {
            Some("the columns are separated by semicolons; they have to be separated by commas or tabs")
        }
        line if line.contains(&b'|') => {
            Some("the columns are separated by vertical bars; they have to be separated by commas or tabs")
        }
        _ => None,
    }
}

/// Returns a row's byte offset in the unpacked file without its byte order mark.
pub fn at(record: &ByteRecord) -> u64 {
    record.position().map(csv::Position::byte).unwrap_or_default()
}

fn unreadable(error: csv::Error) -> Unreadable {
    let at = error.position().map(csv::Position::byte).unwrap_or_default();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Unreadable::File(error),
        _ => Unreadable::Row { at, problem: "cannot be read".to_owned() },
    }
}

/// Returns the line numbers of rows that begin at these ascending byte offsets.
pub fn lines_of(place: &Place, at: &[u64]) -> io::Result<Vec<u64>> {
    if let Place::Converted(table) = place {
        return Ok(table.lines_of(at));
    }
    let (beginning, rest) = unpack(place.open(&ProgressBar::hidden())?)?;
    lines::of(BufReader::new(Cursor::new(beginning).chain(rest)), at)
}

/// Reads up to the first line feed, without the byte order mark; returns that and a reader for the rest.
fn unpack(file: Box<dyn Read>) -> io::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut content: Box<dyn BufRead> = if file.fill_buf()?.starts_with(&GZIP_MAGIC) {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    };
    let mut beginning = Vec::new();
    content.by_ref().take(MAX_HEADER_BYTES).read_until(b'\n', &mut beginning)?;
    if beginning.starts_with(BYTE_ORDER_MARK) {
        beginning.drain(..BYTE_ORDER_MARK.len());
    }
    Ok((beginning, content))
}
