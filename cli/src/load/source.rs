//! A file of rows: plain or gzip, separated by commas or tabs, quoted or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;
use indicatif::ProgressBar;

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
    path: PathBuf,
    reader: csv::Reader<Box<dyn Read>>,
    record: ByteRecord,
    /// Names of the columns, in lower case.
    pub header: Vec<String>,
}

impl Source {
    /// Opens it; `bar` moves by the bytes that are read of it.
    pub fn open(path: &Path, quoting: Quoting, bar: &ProgressBar) -> Result<Self, Failure> {
        let told = |problem: String| Failure::new(format!("{}: {problem}", path.display()));
        let opened = File::open(path).and_then(|file| unpack(bar.wrap_read(file)));
        let (first_line, rest) = opened.map_err(|error| told(error.to_string()))?;
        if first_line.trim_ascii().is_empty() {
            return Err(told("is empty: the names of the columns are missing".to_owned()));
        }
        let is_tabbed = first_line.contains(&b'\t');
        let is_quoted = !is_tabbed || quoting == Quoting::Always || first_line.starts_with(b"\"");
        let mut reader = ReaderBuilder::new()
            .delimiter(if is_tabbed { b'\t' } else { b',' })
            .quoting(is_quoted)
            .from_reader(Box::new(Cursor::new(first_line).chain(rest)) as Box<dyn Read>);
        let header = reader.headers().map_err(|_| told("line 1: not UTF-8 text".to_owned()))?;
        let header = header.iter().map(|name| name.trim().to_lowercase()).collect();
        Ok(Self { path: path.to_owned(), reader, record: ByteRecord::new(), header })
    }

    /// The next row, which has as many cells as the header.
    ///
    /// # Errors
    /// What is wrong with the row, and in which line.
    pub fn read(&mut self) -> Result<Option<&ByteRecord>, String> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) => Ok(Some(&self.record)),
            Ok(false) => Ok(None),
            Err(error) => Err(self.problem(&error)),
        }
    }

    /// The line in which the row begins that was read last.
    pub fn line(&self) -> u64 {
        self.record.position().and_then(|position| self.line_of(position)).unwrap_or_default()
    }

    /// Counted anew, in bytes: the reader's own count leaves out the empty lines before a row, and half of a CRLF.
    fn line_of(&self, position: &csv::Position) -> Option<u64> {
        let (first_line, rest) = unpack(File::open(&self.path).ok()?).ok()?;
        let mut bytes = BufReader::new(Cursor::new(first_line).chain(rest)).bytes();
        let mut lines = 1;
        for _ in 0..position.byte() {
            lines += u64::from(bytes.next()?.ok()? == b'\n');
        }
        let between = bytes.map_while(Result::ok).take_while(|byte| matches!(byte, b'\r' | b'\n'));
        Some(lines + between.filter(|byte| *byte == b'\n').count() as u64)
    }

    /// Without what the row says.
    fn problem(&self, error: &csv::Error) -> String {
        let line = error.position().and_then(|position| self.line_of(position)).unwrap_or_default();
        match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("line {line}: has {len} cells, and the header {expected_len}")
            }
            csv::ErrorKind::Io(error) => error.to_string(),
            _ => format!("line {line}: cannot be read"),
        }
    }
}

/// The first line without its byte order mark, and what follows it.
fn unpack(file: impl Read + 'static) -> io::Result<(Vec<u8>, Box<dyn BufRead>)> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut content: Box<dyn BufRead> = if file.fill_buf()?.starts_with(&GZIP_MAGIC) {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    };
    let mut first_line = Vec::new();
    content.by_ref().take(MAX_HEADER_BYTES).read_until(b'\n', &mut first_line)?;
    if first_line.starts_with(BYTE_ORDER_MARK) {
        first_line.drain(..BYTE_ORDER_MARK.len());
    }
    Ok((first_line, content))
}
