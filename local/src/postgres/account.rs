use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::error::{Error, io};

/// Who PostgreSQL runs as: whoever we are, but for root, as which it refuses to run.
#[derive(Clone, Copy, Debug)]
pub(super) enum RunAs {
    Ourselves,
    Account { uid: u32, gid: u32 },
}

impl RunAs {
    /// `initdb` wants an account that has a name, so an unused number would not do for root.
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

    /// Hands `path` over to this account, and to nobody else.
    pub fn give(self, path: &Path) -> Result<(), Error> {
        if let Self::Account { uid, gid } = self {
            chown(path, Some(uid), Some(gid)).map_err(io("change the owner of", path))?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io("change the mode of", path))
    }

    /// Whether this account can get as far as `path`: `/root`, say, is closed to it.
    pub fn can_reach(self, path: &Path) -> bool {
        let open =
            |directory: &Path| fs::metadata(directory).map_or(true, |m| m.mode() & 0o001 != 0 || m.uid() == self.uid());
        matches!(self, Self::Ourselves) || path.ancestors().skip(1).all(open)
    }
}
