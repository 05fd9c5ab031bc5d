use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::RunAs;

/// The oldest supported major version.
const OLDEST: u32 = 14;

/// A PostgreSQL that has been run successfully.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Directory of `initdb` and `postgres`.
    pub bin: PathBuf,
    /// Major version: 15 of 15.14.
    pub major: u32,
    /// The directory of a downloaded PostgreSQL's shared libraries, which some of its programs do not find on their
    /// own.
    pub(super) libraries: Option<PathBuf>,
}

impl Installation {
    /// Checks that `initdb` and `postgres` run. It runs both, because they need different shared libraries.
    pub(super) fn probe(bin: &Path, libraries: Option<&Path>, run_as: RunAs) -> Result<Self, String> {
        let mut installation = Self { bin: bin.to_owned(), major: 0, libraries: libraries.map(Path::to_owned) };
        for tool in ["initdb", "postgres"] {
            let mut command = installation.command(tool, run_as);
            let output =
                command.arg("--version").stdin(Stdio::null()).output().map_err(|error| format!("{tool}: {error}"))?;
            if !output.status.success() {
                let stderr = String::from_utf8_lossy(&output.stderr);
                return Err(stderr.lines().next().map_or_else(|| format!("{tool}: {}", output.status), str::to_owned));
            }
            let version = String::from_utf8_lossy(&output.stdout);
            installation.major =
                major_version(&version).ok_or_else(|| format!("{tool} --version says `{}`", version.trim()))?;
        }
        Ok(installation)
    }

    /// Returns the installation, or what is wrong with its version. Existing data need the version that wrote them.
    pub(super) fn supported(self, needed: Option<u32>) -> Result<Self, String> {
        match (self.major, needed) {
            (major, Some(needed)) if major != needed => {
                Err(format!("has version {major}, the existing data need {needed}"))
            }
            (major, _) if major < OLDEST => Err(format!("has version {major}, which is older than {OLDEST}")),
            _ => Ok(self),
        }
    }

    /// Returns a command for one of its programs, in an environment independent of ours.
    pub(super) fn command(&self, tool: &str, run_as: RunAs) -> Command {
        let mut command = Command::new(self.bin.join(tool));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        if let Some(libraries) = &self.libraries {
            command.env(
                if cfg!(target_os = "macos") { "DYLD_FALLBACK_LIBRARY_PATH" } else { "LD_LIBRARY_PATH" },
                libraries,
            );
        }
        run_as.apply(&mut command);
        command
    }
}

/// Returns 15 for `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn the_major_version_is_read_from_releases_packages_and_betas() {
        for text in [
            "postgres (PostgreSQL) 17.10\n",
            "initdb (PostgreSQL) 17.6 (Debian 17.6-1.pgdg120+1)\n",
            "postgres (PostgreSQL) 17beta2\n",
        ] {
            assert_eq!(major_version(text), Some(17), "{text}");
        }
    }

    #[test]
    fn the_output_of_another_program_has_no_version() {
        assert_eq!(major_version("busybox 1.36"), None);
    }
}
