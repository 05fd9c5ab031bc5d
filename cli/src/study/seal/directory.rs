//! A directory on its way: it has its name when it is whole, and leaves nothing behind when it is dropped before.

use std::fs;
use std::io;
use std::path::Path;

use tempfile::TempDir;

use crate::failure::Failure;

/// A directory beside the one that it becomes.
#[derive(Debug)]
pub struct Unfinished(TempDir);

impl Unfinished {
    /// Makes one beside `target`, which must not exist or be empty.
    pub fn beside(target: &Path) -> Result<Self, Failure> {
        match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
            Ok(true) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(false) => {
                return Err(Failure::new(format!("{}: not empty", target.display()))
                    .with_remedy("name a directory that does not exist: what is sealed is not changed"));
            }
            Err(error) => return Err(at(target, &error)),
        }
        let parent = target.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let mut unfinished = tempfile::Builder::new();
        unfinished.prefix(".augmed-").suffix(".unfinished");
        #[cfg(unix)]
        unfinished.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777)); // less what umask takes
        Ok(Self(unfinished.tempdir_in(parent).map_err(|error| at(parent, &error))?))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Gives it its name.
    pub fn keep(self, target: &Path) -> Result<(), Failure> {
        // an empty directory of this name is replaced
        fs::rename(self.0.path(), target).map_err(|error| at(target, &error))?;
        let _ = self.0.keep();
        Ok(())
    }
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
