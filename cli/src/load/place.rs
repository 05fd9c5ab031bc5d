//! The location of a file: in a directory, in a ZIP archive, or in memory.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::CrcReader;
use flate2::bufread::DeflateDecoder;
use indicatif::ProgressBar;
use zip::{CompressionMethod, ZipArchive};

/// A readable file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A regular file.
    File(PathBuf),
    /// An entry of an archive, which is read without unpacking it.
    Zipped(Entry),
    /// Rows in memory that were made of another file's, so that clinical data are in no second file.
    Converted(Converted),
}

/// A table that was made of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The other file, as people know it.
    pub file: String,
    pub content: Arc<[u8]>,
    /// Byte offset of each row, and the line of the other file that it was made of.
    pub lines: Arc<[(u64, u64)]>,
}

impl Converted {
    /// Returns the lines of the other file for rows at these byte offsets.
    pub fn lines_of(&self, at: &[u64]) -> Vec<u64> {
        let row = |at: &u64| self.lines.partition_point(|(start, _)| start < at);
        at.iter().map(|at| self.lines.get(row(at)).map_or(1, |(_, line)| *line)).collect()
    }
}

/// An entry of a ZIP archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    archive: PathBuf,
    name: String,
    /// Offset and length of its data.
    start: u64,
    compressed_bytes: u64,
    method: CompressionMethod,
    crc32: u32,
}

impl Place {
    /// Returns the files of an archive. Folders are ignored, and so is what macOS adds.
    pub fn of_archive(path: &Path) -> io::Result<Vec<Self>> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
        let mut places = Vec::new();
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(io::Error::other)?;
            let name = entry.name().map_err(io::Error::other)?.into_owned();
            if entry.is_dir() || name.starts_with("__MACOSX/") {
                continue;
            }
            if entry.encrypted() {
                return Err(io::Error::other(format!(
                    "{name} is encrypted: unpack the archive, and load the directory"
                )));
            }
            places.push(Self::Zipped(Entry {
                archive: path.to_owned(),
                start: entry.data_start().ok_or_else(|| io::Error::other(format!("{name} has no data")))?,
                compressed_bytes: entry.compressed_size(),
                method: entry.compression(),
                crc32: entry.crc32(),
                name,
            }));
        }
        Ok(places)
    }

    /// Opens the file; `bar` advances with the bytes read.
    pub fn open(&self, bar: &ProgressBar) -> io::Result<Box<dyn Read>> {
        match self {
            Self::File(path) => Ok(Box::new(bar.wrap_read(File::open(path)?))),
            Self::Zipped(entry) => entry.open(bar),
            Self::Converted(table) => Ok(Box::new(bar.wrap_read(Cursor::new(Arc::clone(&table.content))))),
        }
    }

    /// Returns its name without folders.
    pub fn name(&self) -> String {
        let path = match self {
            Self::File(path) => path.as_path(),
            Self::Zipped(entry) => Path::new(&entry.name),
            Self::Converted(table) => Path::new(&table.file),
        };
        path.file_name().unwrap_or_default().display().to_string()
    }

    /// Returns a name for a column of its table in errors: the file that people know does not have OMOP's columns if it was converted.
    pub fn column(&self, table: &str, column: String) -> String {
        match self {
            Self::File(_) | Self::Zipped(_) => column,
            Self::Converted(_) => format!("{table}.{column}"),
        }
    }

    /// Returns the number of bytes to read.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(path) => path.metadata().map_or(0, |file| file.len()),
            Self::Zipped(entry) => entry.compressed_bytes,
            Self::Converted(table) => table.content.len() as u64,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Zipped(Entry { archive, name, .. }) => write!(formatter, "{}/{name}", archive.display()),
            Self::Converted(table) => formatter.write_str(&table.file),
        }
    }
}

impl Entry {
    fn open(&self, bar: &ProgressBar) -> io::Result<Box<dyn Read>> {
        let mut archive = File::open(&self.archive)?;
        archive.seek(SeekFrom::Start(self.start))?;
        let stored = BufReader::with_capacity(1 << 16, bar.wrap_read(archive.take(self.compressed_bytes)));
        let content: Box<dyn Read> = match self.method {
            CompressionMethod::Stored => Box::new(stored),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(stored)),
            other => {
                return Err(io::Error::other(format!(
                    "is compressed by {other}, which augmed does not read: unpack the archive, and load the directory"
                )));
            }
        };
        Ok(Box::new(Checked { content: CrcReader::new(BufReader::new(content)), crc32: self.crc32 }))
    }
}

/// A reader that verifies the archive's checksum.
struct Checked {
    content: CrcReader<BufReader<Box<dyn Read>>>,
    crc32: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.content.read(buffer)?;
        if length == 0 && !buffer.is_empty() && self.content.crc().sum() != self.crc32 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the archive is damaged: its checksum differs"));
        }
        Ok(length)
    }
}
