//! Writes the files of a sealed study, and records their hashes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use shared::db::Database;
use sqlx::PgConnection;

use super::manifest::{Chain, Entry, FORMAT, Manifest, length_and_hash};
use super::pseudonym::{WithoutAddresses, without_addresses};
use crate::export::{Encoder, Format, Opened, Source};
use crate::failure::Failure;
use crate::output::{Output, OutputFile};

/// Writes files from one snapshot.
pub struct Writer<'a> {
    directory: &'a Path,
    snapshot: &'a mut PgConnection,
    db: &'a Database,
    with_addresses: bool,
    files: Vec<Entry>,
    audit_trail: Chain,
}

impl<'a> Writer<'a> {
    pub fn new(directory: &'a Path, snapshot: &'a mut PgConnection, db: &'a Database, with_addresses: bool) -> Self {
        Self { directory, snapshot, db, with_addresses, files: Vec::new(), audit_trail: Chain::default() }
    }

    pub fn snapshot(&mut self) -> &mut PgConnection {
        self.snapshot
    }

    /// Writes `NAME.json`: rows in the format of `augmed export`, without addresses unless requested.
    pub async fn table(&mut self, name: &str, source: impl Source) -> Result<(), Failure> {
        if self.with_addresses {
            self.rows(name, source).await
        } else {
            self.rows(name, WithoutAddresses::of(source)).await
        }
    }

    async fn rows(&mut self, name: &str, mut source: impl Source) -> Result<(), Failure> {
        let Opened { columns, .. } = source.open(self.snapshot, self.db).await?;
        let (path, file) = self.create(&format!("{name}.json"))?;
        let mut encoder = Encoder::new(Format::Json, file, columns)?;
        let mut rows = 0;
        source
            .rows(self.snapshot, self.db, |values| {
                rows += 1;
                encoder.row(values)
            })
            .await?;
        encoder.finish()?.keep()?;
        self.add(&path, rows)
    }

    /// Writes `NAME.json`: the list returned by `read`.
    pub async fn records<R: Serialize>(
        &mut self,
        name: &str,
        read: impl AsyncFnOnce(&mut PgConnection) -> Result<Vec<R>, Failure>,
    ) -> Result<(), Failure> {
        let records = read(self.snapshot).await?;
        let (path, mut file) = self.create(&format!("{name}.json"))?;
        let json = serde_json::to_string_pretty(&records).map_err(std::io::Error::from)?;
        let json = if self.with_addresses { json } else { without_addresses(&json) };
        file.write_all(json.as_bytes())?;
        file.write_all(b"\n")?;
        file.keep()?;
        self.add(&path, records.len() as u64)
    }

    /// Creates a file.
    pub fn create(&self, name: &str) -> Result<(PathBuf, OutputFile), Failure> {
        let path = self.directory.join(name);
        let file = Output::file(path.clone()).open()?;
        Ok((path, file))
    }

    /// Adds a file to the manifest, hashed as it is on the disk.
    pub fn add(&mut self, path: &Path, rows: u64) -> Result<(), Failure> {
        let (bytes, sha256) = length_and_hash(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.files.push(Entry { name, rows, bytes, sha256 });
        Ok(())
    }

    /// Sets the end of the audit trail.
    pub fn end_audit_trail(&mut self, chain: Chain) {
        self.audit_trail = chain;
    }

    /// Returns the manifest of the files so far.
    pub fn manifest(self) -> Manifest {
        let Self { mut files, audit_trail, .. } = self;
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Manifest { format: FORMAT, files, audit_trail }
    }
}
