//! The clock of processes under test, set with libfaketime (Debian's package `faketime`).

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

/// A clock that is right until it is set.
#[derive(Debug)]
pub struct ProcessClock {
    library: PathBuf,
    directory: TempDir,
}

/// Returns whether tests of wrong clocks have to be skipped, because libfaketime is not installed. `REQUIRE_FAKETIME` makes that a failure.
///
/// # Panics
///
/// If it is required and missing.
pub fn is_missing() -> bool {
    let is_missing = library().is_none();
    if is_missing {
        eprintln!("There is no libfaketime: apt-get install faketime. Clocks are not tested.");
        assert!(std::env::var_os("REQUIRE_FAKETIME").is_none(), "libfaketime is required");
    }
    is_missing
}

/// Finds the library; Debian installs it in a directory for each architecture.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|library| library.exists())
}

impl ProcessClock {
    /// Creates a clock.
    pub fn new() -> Self {
        let library = library().expect("libfaketime");
        let clock = Self { library, directory: TempDir::new().expect("a directory") };
        clock.turn(0);
        clock
    }

    /// Returns the environment of processes with this clock. The monotonic clock is not changed.
    pub fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("LD_PRELOAD", self.library.display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file("clock")),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    /// Sets the difference from the right time, at once for all processes with this clock.
    pub fn turn(&self, seconds: i64) {
        // renaming is atomic: a reader gets the old text or the new one
        fs::write(self.file("next"), format!("{seconds:+}\n")).expect("the file is written");
        fs::rename(self.file("next"), self.file("clock")).expect("the file is replaced");
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }
}

impl Default for ProcessClock {
    fn default() -> Self {
        Self::new()
    }
}
