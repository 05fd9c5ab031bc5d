//! Builds the binaries of this workspace, so that functions run as they are deployed: each in a process of its own.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use cargo_metadata::Message;
use indicatif::ProgressBar;

use crate::progress;

/// Why there are no binaries.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Cargo could not be run, or its output not be read.
    #[error("cargo build: {0}")]
    Cargo(#[from] io::Error),
    /// The workspace does not compile.
    #[error("cargo build failed:\n{0}")]
    Failed(String),
    /// There is no binary of this name.
    #[error("the workspace has no binary `{0}`")]
    Unknown(String),
}

/// What to build.
#[derive(Clone, Copy, Debug)]
pub enum Binaries<'a> {
    /// Every binary of the workspace.
    All,
    /// Those of these names.
    Named(&'a [&'a str]),
}

/// The binaries that were built.
#[derive(Clone, Debug, Default)]
pub struct BuiltBinaries {
    paths: BTreeMap<String, PathBuf>,
}

impl BuiltBinaries {
    /// The path of the binary `name`.
    pub fn path(&self, name: &str) -> Result<&Path, Error> {
        self.paths.get(name).map(PathBuf::as_path).ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    /// Name and path of each, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.paths.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }
}

/// All binaries of this workspace, built once in a process. For tests, of which many ask at once.
pub fn built() -> Result<&'static BuiltBinaries, &'static Error> {
    static BUILT: OnceLock<Result<BuiltBinaries, Error>> = OnceLock::new();
    BUILT.get_or_init(|| build(Binaries::All)).as_ref()
}

/// Builds binaries of this workspace with the profile `dev`. Blocks, for minutes if nothing is compiled yet.
pub fn build(binaries: Binaries<'_>) -> Result<BuiltBinaries, Error> {
    build_in(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")), binaries)
}

/// The same for the workspace in `directory`.
pub fn build_in(directory: &Path, binaries: Binaries<'_>) -> Result<BuiltBinaries, Error> {
    let mut cargo = cargo(directory, binaries);
    progress::when_slow(progress::BAR, "Building", |bar| {
        let mut child = cargo.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let output = thread::spawn({
            let bar = bar.clone();
            move || stderr.map_or_else(|| Ok(String::new()), |stderr| follow(BufReader::new(stderr), &bar))
        });
        let built = stdout.map_or_else(|| Ok(BuiltBinaries::default()), |stdout| executables(BufReader::new(stdout)));
        let success = child.wait()?.success();
        let output = output.join().unwrap_or_else(|_| Ok(String::new()))?;
        if success { Ok(built?) } else { Err(Error::Failed(output)) }
    })
}

/// Always the whole workspace: with fewer packages, dependencies have other features and are compiled once more.
fn cargo(directory: &Path, binaries: Binaries<'_>) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--workspace", "--message-format=json-render-diagnostics"]);
    match binaries {
        Binaries::All => cargo.arg("--bins"),
        Binaries::Named(names) => cargo.args(names.iter().flat_map(|name| ["--bin", name])),
    };
    // What cargo told this process about its own package would make build scripts run again.
    let about_us =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(about_us)) {
        cargo.env_remove(name);
    }
    // Its own bar knows how much there is to do.
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "120");
    cargo.env("CARGO_TERM_COLOR", if io::stderr().is_terminal() { "always" } else { "never" });
    cargo.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    cargo
}

fn executables(messages: impl BufRead) -> io::Result<BuiltBinaries> {
    let mut built = BuiltBinaries::default();
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message?
            && let (true, Some(path)) = (artifact.target.is_bin(), artifact.executable)
        {
            built.paths.insert(artifact.target.name, path.into_std_path_buf());
        }
    }
    Ok(built)
}

/// Moves `bar` as cargo's own bar moves; returns everything else that cargo and the compiler say.
fn follow(stderr: impl BufRead, bar: &ProgressBar) -> io::Result<String> {
    let (mut said, mut line) = (Vec::new(), Vec::new());
    for byte in stderr.bytes() {
        match byte? {
            // Ends a state of the bar, which the next one, or a line of text, overwrites.
            b'\r' => {
                if let Some((done, all, doing)) = String::from_utf8_lossy(&line).lines().next_back().and_then(state) {
                    bar.set_length(all);
                    bar.set_position(done);
                    bar.set_message(doing);
                }
                line.clear();
            }
            b'\n' => {
                said.append(&mut line);
                said.push(b'\n');
            }
            byte => line.push(byte),
        }
    }
    said.append(&mut line);
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// 214, 517 and `shared, sqlx` of `Building [====>     ] 214/517: shared, sqlx`.
fn state(bar: &str) -> Option<(u64, u64, String)> {
    let (counts, doing) = bar.rsplit_once("] ")?.1.split_once(':')?;
    let (done, all) = counts.split_once('/')?;
    Some((done.parse().ok()?, all.parse().ok()?, doing.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{follow, state};
    use indicatif::ProgressBar;

    const BUILDING: &str = "    Building [=====>        ] 214/517: shared, sqlx(build)     ";

    #[test]
    fn the_state_of_cargos_bar_is_read() {
        assert_eq!(state(BUILDING), Some((214, 517, "shared, sqlx(build)".to_owned())));
        assert_eq!(state("   Compiling shared v0.1.0 (/work/[x] 1)"), None);
    }

    #[test]
    fn what_is_not_the_bar_is_kept() {
        let bar = ProgressBar::hidden();
        let stderr = format!("{BUILDING}\r   Compiling local v0.1.0\n{BUILDING}\rerror: no\n{BUILDING}\r");
        let said = follow(stderr.as_bytes(), &bar).unwrap();
        assert_eq!(said, "   Compiling local v0.1.0\nerror: no\n");
        assert_eq!((bar.position(), bar.length()), (214, Some(517)));
    }
}
