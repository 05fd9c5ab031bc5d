//! A file of rows: plain or gzip, separated by commas or tabs, quoted or not.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use csv::{ByteRecord, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

use super::lines;
use super::place::Place;
use super::quotes::{OpenQuote, Watched};
use crate::failure::Failure;

/// RFC 1952 section 2.3.1.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// A header is shorter.
const MAX_HEADER_BYTES: u64 = 64 * 1024;

/// How cells are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// With commas always; with tabs if the header is quoted. Athena's names have literal quotes.
    Guessed,
    /// With tabs too.
    Always,
}

/// A file that is read row by row.
pub struct Source {
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
    open_quote: OpenQuote,
    /// Names of the columns, in lower case. Columns at the end that have no name are left out.
    pub header: Vec<String>,
}

/// Why a row cannot be read.
#[derive(Debug)]
pub enum Unreadable {
    /// The row that begins at this byte is wrong; the next one may be right.
    Row { at: u64, problem: String },
    /// The file itself: a disk that fails, gzip that is cut off.
    File(io::Error),
}

impl Source {
    /// Opens it; `bar` moves by the bytes that are read of it.
    pub fn open(place: &Place, quoting: Quoting, bar: &ProgressBar) -> Result<Self, Failure> {
        let told = |problem: String| Failure::new(format!("{place}: {problem}"));
        let opened = place.open(bar).and_then(unpack);
        let (beginning, rest) = opened.map_err(|error| told(error.to_string()))?;
        let first_line = beginning.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        if first_line.trim_ascii().is_empty() {
            return Err(told("is empty: the names of the columns are missing".to_owned()));
        }
        let is_tabbed = first_line.contains(&b'\t');
        let is_quoted = !is_tabbed || quoting == Quoting::Always || first_line.starts_with(b"\"");
        let delimiter = if is_tabbed { b'\t' } else { b',' };
        let content = Cursor::new(beginning).chain(rest);
        let open_quote = OpenQuote::default();
        let content: Box<dyn Read> =
            if is_quoted { Box::new(Watched::new(content, delimiter, open_quote.clone())) } else { Box::new(content) };
        // rows that are shorter or longer are judged here, because empty cells at the end are none
        let mut reader =
            ReaderBuilder::new().delimiter(delimiter).quoting(is_quoted).flexible(true).from_reader(content);
        let header = reader.headers().map_err(|_| told("line 1: not UTF-8 text".to_owned()))?;
        let mut header: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        header.truncate(header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
        Ok(Self { reader, record: ByteRecord::new(), open_quote, header })
    }

    /// The next row that has a value in some cell. It has at least as many cells as the header, and empty ones behind them.
    pub fn read(&mut self) -> Result<Option<&ByteRecord>, Unreadable> {
        loop {
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => return Err(unreadable(error)),
            }
            if let Some(at) = self.open_quote.at_end_of_file() {
                let problem =
                    "a quote opens here that nothing closes: the rest of the file would be one cell".to_owned();
                return Err(Unreadable::Row { at, problem });
            }
            let (cells, named) = (self.record.len(), self.header.len());
            if self.record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            if cells < named || self.record.iter().skip(named).any(|cell| !cell.is_empty()) {
                let problem = format!("has {cells} cells, and the header {named}");
                return Err(Unreadable::Row { at: at(&self.record), problem });
            }
            return Ok(Some(&self.record));
        }
    }
}

/// The byte at which a row begins, in the unpacked file without its byte order mark.
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

/// The lines of the rows that begin at these bytes, which are in order.
pub fn lines_of(place: &Place, at: &[u64]) -> io::Result<Vec<u64>> {
    let (beginning, rest) = unpack(place.open(&ProgressBar::hidden())?)?;
    lines::of(BufReader::new(Cursor::new(beginning).chain(rest)), at)
}

/// The beginning, as far as the first line feed, without its byte order mark; and what follows it.
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
