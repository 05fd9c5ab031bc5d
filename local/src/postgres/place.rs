use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use super::account::RunAs;
use super::error::{Error, io};

/// Maximum length of a socket path: `sun_path` of macOS without the closing NUL. Linux has 107.
const SOCKET_PATH_MAX: usize = 103;
const SOCKET_NAME_MAX: usize = "/.s.PGSQL.65535.lock".len();

/// The directories of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// Locks, the log and the users' FIFO. Only we can write here, so that PostgreSQL's account cannot deceive root.
    pub directory: PathBuf,
    /// The cluster. Owned by PostgreSQL's account.
    pub data: PathBuf,
    /// Sockets and the watchdog's notes. Owned by PostgreSQL's account.
    pub run: PathBuf,
}

impl Place {
    /// Creates the directory at `wanted`, or elsewhere if PostgreSQL cannot use it there.
    pub fn prepare(wanted: &Path, run_as: RunAs) -> Result<Self, Error> {
        let wanted = std::path::absolute(wanted).map_err(io("find", wanted))?;
        let directory = if run_as.can_reach(&wanted) {
            wanted
        } else {
            let open = Path::new("/var/lib/augmed");
            create_own(open, 0o755)?;
            open.join(short_name(&wanted))
        };
        create_own(&directory, if matches!(run_as, RunAs::Ourselves) { 0o700 } else { 0o755 })?;

        let mut run = directory.join("run");
        if run.as_os_str().len() + SOCKET_NAME_MAX > SOCKET_PATH_MAX {
            run = Path::new("/tmp").join(format!("augmed-{}-{}", run_as.uid(), short_name(&directory)));
        }
        Ok(Self { data: directory.join("data"), directory, run })
    }
}

/// Returns the directory for a disposable cluster that all tests share: in memory if 2 GB are free there, otherwise
/// below `fallback`. Cloning a database creates about 600 files, which takes 16 ms in memory and up to 480 ms on a
/// disk.
pub fn scratch_directory(fallback: &Path) -> PathBuf {
    const ROOM: u64 = 2 << 30;
    let memory = Path::new("/dev/shm");
    #[allow(clippy::useless_conversion, reason = "u32 on macOS")]
    let room = statvfs(memory).map_or(0, |fs| u64::from(fs.blocks_available()) * u64::from(fs.fragment_size()));
    if room >= ROOM { memory.join(format!("augmed-tests-{}", geteuid())) } else { fallback.join("postgres") }
}

/// Creates a directory owned by PostgreSQL's account. An existing directory must belong to that account, or to us if
/// its creator was killed before it changed the owner. Call this function while holding the start lock.
pub(super) fn create_given(path: &Path, run_as: RunAs) -> Result<(), Error> {
    match fs::create_dir(path) {
        Ok(()) => run_as.give(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => check_owner(path, run_as.uid())
            .or_else(|_| check_owner(path, geteuid().as_raw()).and_then(|()| run_as.give(path))),
        Err(error) => Err(io("create", path)(error)),
    }
}

/// Creates our own directory, with its parents. Refuses one that somebody else has created, for example in a
/// world-writable directory.
pub(super) fn create_own(path: &Path, mode: u32) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(io("create", path))?;
    check_owner(path, geteuid().as_raw())?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io("change the mode of", path))
}

fn check_owner(path: &Path, uid: u32) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path).map_err(io("read", path))?;
    if metadata.is_dir() && metadata.uid() == uid {
        Ok(())
    } else {
        Err(Error::ForeignDirectory { path: path.to_owned(), owner: metadata.uid() })
    }
}

fn short_name(path: &Path) -> String {
    format!("{:x}", Sha256::digest(path.as_os_str().as_bytes())).split_off(48)
}
