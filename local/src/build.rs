//! Builds the binaries of this workspace, so that functions run as deployed: each in its own process.

use std::collections::HashMap;
use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use cargo_metadata::Message;
use indicatif::ProgressBar;

use crate::progress;

/// Path of each binary by name.
pub type Paths = HashMap<String, PathBuf>;

/// Why the binaries were not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Cargo did not run, or its output was not readable.
    #[error("cargo build: {0}")]
    Cargo(#[from] io::Error),
    /// The workspace does not compile, or has no such binary.
    #[error("cargo build failed:\n{0}")]
    Failed(String),
}

/// Builds the named binaries with the profile `dev`. Blocks, for minutes if nothing is compiled yet.
pub fn binaries(names: &[String]) -> Result<Paths, BuildError> {
    if names.is_empty() {
        return Ok(Paths::new());
    }
    binaries_of(workspace(), names.iter().flat_map(|name| ["--bin", name]))
}

/// Builds every binary of this workspace, once per process. For tests, many of which need the binaries concurrently.
pub fn all_binaries() -> Result<&'static Paths, &'static BuildError> {
    static BUILT: OnceLock<Result<Paths, BuildError>> = OnceLock::new();
    BUILT.get_or_init(|| binaries_of(workspace(), ["--bins"])).as_ref()
}

/// Builds the binaries that cargo's arguments `selected` name, in the workspace at `directory`.
pub fn binaries_of<'a>(directory: &Path, selected: impl IntoIterator<Item = &'a str>) -> Result<Paths, BuildError> {
    let mut cargo = cargo(directory);
    cargo.args(selected);
    progress::with_bar_when_slow("Building", |bar| {
        let mut child = cargo.spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        thread::scope(|scope| {
            let output = scope.spawn(|| stderr.map_or(Ok(String::new()), |stderr| follow(BufReader::new(stderr), bar)));
            let built = stdout.map_or(Ok(Paths::new()), |stdout| executables(BufReader::new(stdout)));
            let output = output.join().unwrap_or(Ok(String::new()))?;
            if child.wait()?.success() { Ok(built?) } else { Err(BuildError::Failed(output)) }
        })
    })
}

fn workspace() -> &'static Path {
    let local = Path::new(env!("CARGO_MANIFEST_DIR"));
    local.parent().unwrap_or(local)
}

/// Returns a `cargo build` of the whole workspace: for fewer packages, cargo would compile dependencies again with
/// other features.
fn cargo(directory: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--workspace", "--message-format=json-render-diagnostics"]);
    // variables that cargo set for this process's own package would make build scripts run again
    let own =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(own)) {
        cargo.env_remove(name);
    }
    // cargo's own progress bar knows the amount of work
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "120");
    cargo.env("CARGO_TERM_COLOR", if io::stderr().is_terminal() { "always" } else { "never" });
    cargo.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    cargo
}

fn executables(messages: impl BufRead) -> io::Result<Paths> {
    let mut built = Paths::new();
    for message in Message::parse_stream(messages) {
        if let Message::CompilerArtifact(artifact) = message?
            && let (true, Some(path)) = (artifact.target.is_bin(), artifact.executable)
        {
            built.insert(artifact.target.name, path.into_std_path_buf());
        }
    }
    Ok(built)
}

/// Updates `bar` from cargo's progress bar; returns all other output of cargo and the compiler.
fn follow(stderr: impl BufRead, bar: &ProgressBar) -> io::Result<String> {
    let (mut output, mut line) = (Vec::new(), Vec::new());
    for byte in stderr.bytes() {
        match byte? {
            // ends one state of the bar; the next state or a line of text overwrites it
            b'\r' => {
                if let Some((done, all, doing)) = String::from_utf8_lossy(&line).lines().next_back().and_then(state) {
                    bar.set_length(all);
                    bar.set_position(done);
                    bar.set_message(doing);
                }
                line.clear();
            }
            b'\n' => {
                output.append(&mut line);
                output.push(b'\n');
            }
            byte => line.push(byte),
        }
    }
    output.append(&mut line);
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// Parses `Building [====>     ] 214/517: shared, sqlx` into 214, 517 and `shared, sqlx`.
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
    fn parses_the_state_of_cargos_progress_bar() {
        assert_eq!(state(BUILDING), Some((214, 517, "shared, sqlx(build)".to_owned())));
        assert_eq!(state("   Compiling shared v0.1.0 (/work/[x] 1)"), None);
    }

    #[test]
    fn keeps_all_output_except_the_progress_bar() {
        let bar = ProgressBar::hidden();
        let stderr = format!("{BUILDING}\r   Compiling local v0.1.0\n{BUILDING}\rerror: no\n{BUILDING}\r");
        let output = follow(stderr.as_bytes(), &bar).unwrap();
        assert_eq!(output, "   Compiling local v0.1.0\nerror: no\n");
        assert_eq!((bar.position(), bar.length()), (214, Some(517)));
    }
}
