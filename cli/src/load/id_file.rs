//! The file of `--renumber`: `table,original,stored`. Its first row, of the table `load`, has the number of the load that wrote it. The
//! audit trail has that number too, so a file is only used with the database, or a copy of it, that stored its ids.
//!
//! The file is written as `FILE.new` before the load is stored, and renamed afterwards. So a failed load does not change `FILE`, and the ids
//! of a stored load are in `FILE` or in `FILE.new`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use csv::{DeserializeRecordsIntoIter, Position, Reader, Writer};
use sqlx::PgConnection;
use tempfile::TempPath;

use crate::failure::Failure;
use crate::output;

/// The table of the first row.
const LOAD: &str = "load";
/// Keys in the details of the audit trail's entry: the load that wrote the file, and the one before it.
pub const WRITTEN_BY: &str = "ids";
pub const CONTINUED: &str = "ids_continued";

/// A table, an original id, and the stored one.
pub type Row = (String, i64, i64);

/// A file that this database may continue, or that does not exist yet.
pub struct IdFile {
    path: PathBuf,
    /// Number of the load that wrote it.
    pub written_by: Option<i64>,
}

impl IdFile {
    /// Finds the file, and checks that its ids are those of this database.
    pub async fn open(path: &Path, connection: &mut PgConnection) -> Result<Self, Failure> {
        // follows a symbolic link, so that its target is replaced
        let path = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
        let new = beside(&path);
        if new.exists() {
            if !is_recorded(WRITTEN_BY, load_of(&new)?, connection).await? {
                return Err(at(&new, "has the ids of a load that this database has not stored")
                    .with_remedy("if that load was to be stored here, it failed: remove the file"));
            }
            // the load was stored, but its process ended before it renamed the file
            fs::rename(&new, &path).map_err(|error| at(&path, error))?;
        }
        if !path.exists() {
            return Ok(Self { path, written_by: None });
        }
        let load = load_of(&path)?;
        if !is_recorded(WRITTEN_BY, load, connection).await? {
            return Err(at(&path, "this database has not stored its ids: the file is of a load into another one")
                .with_remedy("name a file that a load into this database has written, or one that is not there yet"));
        }
        if is_recorded(CONTINUED, load, connection).await? {
            return Err(
                at(&path, "is old: a later load has added ids").with_remedy("name the file that it has written")
            );
        }
        Ok(Self { path, written_by: Some(load) })
    }

    /// Passes each row and its line to `take`, which returns what is wrong with it.
    pub fn read(&self, mut take: impl FnMut(Row) -> Result<(), String>) -> Result<(), Failure> {
        if self.written_by.is_none() {
            return Ok(());
        }
        let mut rows = rows(&self.path)?.skip(1);
        while let Some((line, row)) = rows.next().transpose()? {
            take(row).map_err(|problem| at(&self.path, format!("line {line}, {problem}")))?;
        }
        Ok(())
    }

    /// Writes the file of the load `load` beside the old one.
    pub fn write<'a>(
        &self,
        load: i64,
        rows: impl Iterator<Item = (&'a str, i64, i32)>,
    ) -> Result<Unconfirmed, Failure> {
        let new = beside(&self.path);
        let told = |error: io::Error| at(&new, error);
        // it identifies the study's patients in the source, so only its owner may read it
        let file = output::create_private(&new).map_err(told)?;
        let unconfirmed = TempPath::try_from_path(&new).map_err(told)?;
        if let Ok(existing) = fs::metadata(&self.path) {
            file.set_permissions(existing.permissions()).map_err(told)?;
        }
        let mut writer = Writer::from_writer(BufWriter::new(file));
        writer.write_record(["table", "original", "stored"])?;
        writer.write_record([LOAD, &load.to_string(), "0"])?;
        for (table, original, stored) in rows {
            writer.write_record([table, &original.to_string(), &stored.to_string()])?;
        }
        let mut file = writer.into_inner().map_err(|error| told(error.into_error()))?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(told)?;
        // the directory, too: PostgreSQL keeps the ids after a power failure, so the file must still exist
        File::open(output::directory_of(&new)).and_then(|directory| directory.sync_all()).map_err(told)?;
        Ok(Unconfirmed { new: unconfirmed, path: self.path.clone() })
    }
}

/// The file of a load that is not stored yet. It is removed if dropped.
pub struct Unconfirmed {
    new: TempPath,
    path: PathBuf,
}

impl Unconfirmed {
    /// Gives the file its name, because the load was stored.
    pub fn confirm(self) -> Result<(), Failure> {
        let Err(error) = self.new.persist(&self.path) else { return Ok(()) };
        // another run, which waited for the tables, has renamed it already
        if error.error.kind() == io::ErrorKind::NotFound {
            return Ok(());
        }
        let kept = kept(error.path);
        let remedy = format!("the load was stored: rename {} yourself, it has the ids", kept.display());
        Err(at(&self.path, error.error).with_remedy(remedy))
    }

    /// Keeps it beside the old file, because nobody knows whether the load was stored. Returns how to continue.
    pub fn keep(self) -> String {
        format!(
            "run the command again: it uses {}, which has the ids, if the load was stored",
            kept(self.new).display()
        )
    }
}

fn kept(mut path: TempPath) -> PathBuf {
    path.disable_cleanup(true);
    path.to_path_buf()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Returns whether an entry of the audit trail has this load under `key`.
async fn is_recorded(key: &str, load: i64, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM audit_entry WHERE action = 'data.load' AND details ->> $1 = $2) AS "is_recorded!""#,
        key,
        load.to_string()
    )
    .fetch_one(connection)
    .await
}

/// Returns the number of the load that wrote a file.
fn load_of(path: &Path) -> Result<i64, Failure> {
    match rows(path)?.next().transpose()? {
        Some((_, (table, load, _))) if table == LOAD => Ok(load),
        _ => Err(not_ours(path, 2)),
    }
}

fn rows(path: &Path) -> Result<impl Iterator<Item = Result<(u64, Row), Failure>>, Failure> {
    let reader = Reader::from_path(path).map_err(|error| at(path, error))?;
    let mut rows: DeserializeRecordsIntoIter<_, Row> = reader.into_deserialize();
    Ok(std::iter::from_fn(move || {
        let line = rows.reader().position().line();
        let row = rows.next()?;
        let of_error = |error: csv::Error| not_ours(path, error.position().map_or(line, Position::line));
        Some(row.map(|row| (line, row)).map_err(of_error))
    }))
}

fn not_ours(path: &Path, line: u64) -> Failure {
    at(
        path,
        format!(
            "line {line}: is not of a file that --renumber writes: table,original,stored, first with a row of the load"
        ),
    )
    .with_remedy("name a file that an earlier --renumber has written, or one that is not there yet")
}

fn at(path: &Path, problem: impl std::fmt::Display) -> Failure {
    Failure::new(format!("{}: {problem}", path.display()))
}
