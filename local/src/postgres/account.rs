use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::error::{Error, io};

/// The account that PostgreSQL runs as: our own, or another one if we are root, because PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
pub(super) enum RunAs {
    Ourselves,
    Account { uid: u32, gid: u32 },
}

impl RunAs {
    /// Returns the account to use. For root it is a named account, because `initdb` requires a name.
    pub fn current() -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        ["postgres", "nobody"]
            .into_iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .find(|user| !user.uid.is_root())
            .map(|user| Self::Account { uid: user.uid.as_raw(), gid: user.gid.as_raw() })
            .ok_or(Error::NoAccount)
    }

    pub fn uid(self) -> u32 {
        match self {
            Self::Ourselves => geteuid().as_raw(),
            Self::Account { uid, .. } => uid,
        }
    }

    /// Makes `command` run as this account, without our supplementary groups.
    pub fn apply(self, command: &mut Command) {
        if let Self::Account { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Makes this account the owner of `path`, and denies access to all others.
    pub fn give(self, path: &Path) -> Result<(), Error> {
        if let Self::Account { uid, gid } = self {
            chown(path, Some(uid), Some(gid)).map_err(io("change the owner of", path))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io("change the mode of", path))
    }

    /// Returns whether this account can reach `path`; `/root`, for example, is closed to it.
    pub fn can_reach(self, path: &Path) -> bool {
        let open =
            |directory: &Path| fs::metadata(directory).map_or(true, |m| m.mode() & 0o001 != 0 || m.uid() == self.uid());
        matches!(self, Self::Ourselves) || path.ancestors().skip(1).all(open)
    }
}
