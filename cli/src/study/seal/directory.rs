//! A directory being written. It gets its name when it is complete, and is removed if dropped before.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::failure::Failure;

/// A temporary directory beside the final one.
#[derive(Debug)]
pub struct Unfinished(TempDir);

impl Unfinished {
    /// Creates a temporary directory beside `target`, which must not exist or be empty.
    pub fn beside(target: &Path) -> Result<Self, Failure> {
        match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(false) => {
                return Err(Failure::new(format!("{}: not empty", target.display()))
                    .with_remedy("name a directory that does not exist: a sealed directory is never changed"));
            }
            Err(error) => return Err(at(target, &error)),
        }
        let parent = target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let mut unfinished = tempfile::Builder::new();
        unfinished.prefix(".augmed-").suffix(".unfinished");
        #[cfg(unix)]
        unfinished.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777)); // minus the umask
        Ok(Self(unfinished.tempdir_in(parent).map_err(|error| at(parent, &error))?))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Renames it to its final name.
    pub fn keep(self, target: &Path) -> Result<(), Failure> {
        // replaces an empty directory
        fs::rename(self.0.path(), target).map_err(|error| at(target, &error))?;
        let _ = self.0.keep();
        Ok(())
    }
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
