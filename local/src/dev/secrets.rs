//! Random development secrets. The first start generates and stores them, so that tokens survive a restart.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Secrets that the server needs and the caller has not set.
#[derive(Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) struct Secrets {
    pub jwt_secret_key: String,
    pub export_api_key: String,
    pub admin_api_key: String,
}

impl Secrets {
    /// Reads the secrets from `file`, or generates the file, readable only by its owner.
    pub fn kept_in(file: &Path) -> io::Result<Self> {
        loop {
            match fs::read_to_string(file) {
                Ok(text) => return serde_json::from_str(&text).map_err(io::Error::from),
                Err(error) if error.kind() == ErrorKind::NotFound => Self::random().write(file)?,
                Err(error) => return Err(error),
            }
        }
    }

    fn random() -> Self {
        let secret = || rand::random::<[u8; 32]>().map(|byte| format!("{byte:02x}")).concat();
        Self { jwt_secret_key: secret(), export_api_key: secret(), admin_api_key: secret() }
    }

    /// Writes a temporary file and renames it: if two programs start at the same time, the first one wins.
    fn write(&self, file: &Path) -> io::Result<()> {
        let mut beside = NamedTempFile::new_in(file.parent().unwrap_or(Path::new(".")))?;
        beside.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        match beside.persist_noclobber(file) {
            Err(taken) if taken.error.kind() != ErrorKind::AlreadyExists => Err(taken.error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn secrets_are_random_but_kept_between_starts() {
        let [one, other] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()].map(|dir| {
            let file = dir.path().join("secrets.json");
            let first = Secrets::kept_in(&file).unwrap();
            assert_eq!(first, Secrets::kept_in(&file).unwrap());
            first
        });

        assert_ne!(one.jwt_secret_key, other.jwt_secret_key);
        assert_ne!(one.export_api_key, one.admin_api_key);
    }

    #[test]
    fn only_the_owner_can_read_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("secrets.json");

        Secrets::kept_in(&file).unwrap();

        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
