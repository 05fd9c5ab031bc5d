//! Writes output files.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::context::Context;
use crate::failure::Failure;

/// An output file, or standard output (`-`).
#[derive(Clone, Debug, Default)]
pub struct Output(Option<PathBuf>);

impl FromStr for Output {
    type Err = std::convert::Infallible;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Ok(Self(Some(path).filter(|path| *path != "-").map(PathBuf::from)))
    }
}

impl Output {
    /// Creates an output with this path.
    pub fn file(path: PathBuf) -> Self {
        Self(Some(path))
    }

    /// Returns whether it is standard output.
    pub fn is_stdout(&self) -> bool {
        self.0.is_none()
    }

    /// Returns whether its name ends in `.gz`.
    pub fn is_gzip(&self) -> bool {
        self.0.as_deref().is_some_and(|path| extension(path) == Some("gz"))
    }

    /// Returns the extension without `.gz`: `csv` of `answers.csv.gz`.
    pub fn extension(&self) -> Option<&str> {
        let path = self.0.as_deref()?;
        if self.is_gzip() { extension(Path::new(path.file_stem()?)) } else { extension(path) }
    }

    /// Opens it. Standard output cannot contain both a file and a JSON document.
    pub fn create(&self, context: &Context) -> Result<OutputFile, Failure> {
        if self.is_stdout() && context.json {
            return Err(Failure::usage("--json prints a report, but the file is also written to standard output")
                .with_remedy("name a file: --output FILE"));
        }
        self.open()
    }

    /// Opens it.
    pub fn open(&self) -> Result<OutputFile, Failure> {
        let target = match &self.0 {
            Some(path) => Target::create(path).map_err(|error| at(path, &error))?,
            None => Target::Stdout(io::stdout()),
        };
        let out = BufWriter::new(target);
        Ok(if self.is_gzip() {
            OutputFile::Gzip(GzEncoder::new(out, Compression::default()))
        } else {
            OutputFile::Plain(out)
        })
    }
}

/// Returns the directory of a file.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Creates a file that only its owner can read.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(OsStr::to_str)
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}

/// A file being written. It gets its name when it is complete, and is removed if dropped before.
#[derive(Debug)]
pub enum OutputFile {
    /// Written uncompressed.
    Plain(BufWriter<Target>),
    /// Written as gzip.
    Gzip(GzEncoder<BufWriter<Target>>),
}

/// Target of the bytes.
#[derive(Debug)]
pub enum Target {
    Stdout(Stdout),
    /// A device or a pipe such as `/dev/null`, which cannot be replaced by a file.
    Device(File),
    /// A temporary file in the directory of `path`.
    Beside {
        file: NamedTempFile,
        path: PathBuf,
    },
}

impl Target {
    fn create(path: &Path) -> io::Result<Self> {
        // follows a symbolic link, so that its target is replaced
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let existing = fs::metadata(&path).ok();
        if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
            return Ok(Self::Device(File::options().write(true).open(path)?));
        }
        let mut unfinished = tempfile::Builder::new();
        unfinished.prefix(".augmed-").suffix(".unfinished");
        #[cfg(unix)]
        if existing.is_none() {
            unfinished.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // minus the umask
        }
        let file = unfinished.tempfile_in(directory_of(&path))?;
        // somebody may have hidden the file that is replaced from others
        if let Some(existing) = existing {
            file.as_file().set_permissions(existing.permissions())?;
        }
        Ok(Self::Beside { file, path })
    }

    fn keep(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut out) => Ok(out.flush()?),
            Self::Device(mut file) => Ok(file.flush().map_err(unread_device)?),
            Self::Beside { file, path } => {
                file.as_file().sync_all().map_err(|error| at(&path, &error))?;
                file.persist(&path).map_err(|error| at(&path, &error.error))?;
                Ok(())
            }
        }
    }
}

/// Makes a pipe without a reader a failure: only the reader of standard output may leave early.
fn unread_device(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::other("nobody reads this pipe"),
        _ => error,
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Device(file) => file.write(bytes).map_err(unread_device),
            Self::Beside { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Device(file) => file.flush().map_err(unread_device),
            Self::Beside { file, .. } => file.flush(),
        }
    }
}

impl OutputFile {
    /// Completes the file and gives it its name.
    pub fn keep(self) -> Result<(), Failure> {
        let out = match self {
            Self::Plain(out) => out,
            Self::Gzip(out) => out.finish()?,
        };
        out.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(out) => out.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reader_of_standard_output_may_leave_early() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut target = Target::Device(File::from(std::os::fd::OwnedFd::from(writer)));

        let failure = Failure::from(target.write(b"errors").unwrap_err());

        assert!(!failure.is_unread, "{failure}");
    }
}
