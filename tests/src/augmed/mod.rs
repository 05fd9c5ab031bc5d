//! The program `augmed` with a separate database.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::db::TestDb;
use crate::{app, deployed, secrets};
use serde_json::Value;
use sqlx::Executor as _;
use tempfile::TempDir;

/// Four visits, 101 to 104.
const CLINICAL_DATA: &str = include_str!("clinical.sql");
/// The page configuration of docs/study.md.
pub const PAGE_CONFIG: &str = r#"{"BACKGROUND": {"Family History": [4167217], "Social History": {"Smoke": [4041306]}},
    "PATIENT COMPLAINT": {"Chief Complaint": [38000282]}, "PHYSICAL EXAMINATION": {"Vital Signs": [4263222]}}"#;

/// The program, its database, and a directory for its files.
#[derive(Debug)]
pub struct Augmed {
    /// Its database.
    pub db: TestDb,
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// Exit code and output of a run.
#[derive(Debug)]
pub struct Run {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

impl Run {
    /// Parses the document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts that the run succeeded.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "most tests only assert it")]
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

impl Augmed {
    /// Creates the program with a migrated, empty database.
    pub async fn new() -> Self {
        Self::over(TestDb::new().await)
    }

    /// Creates the program with `db`.
    pub fn over(db: TestDb) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let variables = app::environment(&db.url()).into_iter().collect();
        Self { db, directory, variables }
    }

    /// Creates the program with four visits, a page configuration, a questionnaire, and the accounts `a@study.test` and `b@study.test`.
    pub async fn with_study() -> Self {
        let augmed = Self::new().await;
        augmed.db.pool.execute(CLINICAL_DATA).await.unwrap();
        augmed.run(&["page-config", "set", &augmed.file("page_config.json", PAGE_CONFIG)]).done();
        augmed.run(&["questionnaire", "set", &augmed.file("q.json", r#"[{"type": "Text", "title": "Why?"}]"#)]).done();
        augmed.run(&["users", "invite", "a@study.test", "b@study.test"]).done();
        augmed
    }

    /// Stores only the clinical data.
    pub async fn load_clinical_data(&self) {
        self.db.pool.execute(CLINICAL_DATA).await.unwrap();
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file, and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Writes files into a directory, and returns its path.
    pub fn directory(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        fs::create_dir_all(self.path(name)).unwrap();
        for (file, content) in files {
            self.file(&format!("{name}/{file}"), content);
        }
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Returns the path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns a command that is not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(deployed::binary("augmed"));
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.args(arguments).envs(variables).current_dir(self.directory.path()).stdin(Stdio::null());
        command
    }

    /// Runs it until it exits.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.finish(Command::new(deployed::binary("augmed")).args(arguments))
    }

    /// Runs a script in which `augmed` is this program.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Run {
        let program = deployed::binary("augmed");
        let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
        self.finish(Command::new("sh").args(["-ec", script]).env("PATH", path))
    }

    #[track_caller]
    fn finish(&self, command: &mut Command) -> Run {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        command.envs(variables).env("RUST_BACKTRACE", "1").current_dir(self.directory.path()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let run = Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        // the output is for the user, who may see addresses
        assert_eq!(secrets::secret_beside_addresses_in(&run.stderr), None, "{run:?}");
        for sign in ["panicked", "backtrace", "a defect of augmed"] {
            assert!(!run.stderr.contains(sign), "{run:?}");
        }
        run
    }

    /// Returns actor and action of the audit trail's entries, oldest first.
    pub async fn audited(&self) -> Vec<(String, String)> {
        let entries = sqlx::query_as("SELECT actor, action FROM audit_entry ORDER BY id");
        entries.fetch_all(&self.db.pool).await.unwrap()
    }
}
