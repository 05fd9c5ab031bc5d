//! `study seal`: writes the whole study as files, with a manifest of their hashes.
//!
//! [`parts`] lists the content, [`writer`] writes it, [`manifest`] lists the files, [`signature`] signs that list. `study verify` checks
//! them with [`verify`].

mod assignments;
mod audit_trail;
mod directory;
mod manifest;
mod pages;
mod parts;
mod pseudonym;
mod records;
mod signature;
mod verify;
mod writer;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::context::Context;
use crate::export::record;
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};
use crate::waiting;

use directory::Unfinished;
use manifest::Manifest;
use signature::SigningKey;
use writer::Writer;

pub use assignments::columns as assignment_columns;
pub use pages::columns as page_columns;
pub use pseudonym::column as participant_column;
pub use verify::{Arguments as VerifyArguments, run as verify};

#[derive(Debug, Args)]
#[command(after_help = "\
The files are of one moment of the database. The same state gives the same bytes, whenever it is sealed.
Participants are numbers, as `user_id` of the analysis file, unless --with-addresses is given.
Clinical data and vocabulary are not part of it, and the pages that participants were shown are only with --with-pages.

A key: openssl genpkey -algorithm ed25519 -out key.pem, and openssl pkey -in key.pem -pubout -out public.pem for those who verify.

Examples:
  augmed study seal sealed --key key.pem
  augmed study verify sealed --key public.pem")]
pub struct Arguments {
    /// The directory to write. It must not exist, or be empty.
    directory: PathBuf,
    /// Sign the manifest with this Ed25519 key (PKCS#8, PEM).
    #[arg(long, value_name = "FILE")]
    key: Option<Input>,
    /// Keep the participants' addresses. By default the files contain none, except those within a text that somebody wrote, such as an answer.
    #[arg(long)]
    with_addresses: bool,
    /// Add the pages that participants were shown. They contain clinical data.
    #[arg(long)]
    with_pages: bool,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let key = arguments.key.as_ref().map(SigningKey::read).transpose()?;
    let unfinished = Unfinished::beside(&arguments.directory)?;
    let sealed = tokio::select! {
        sealed = seal(unfinished, &arguments, key.as_ref(), context) => sealed?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::new("interrupted; nothing was sealed")),
    };
    context.show(&sealed)
}

async fn seal(
    unfinished: Unfinished,
    arguments: &Arguments,
    key: Option<&SigningKey>,
    context: &Context,
) -> Result<Sealed, Failure> {
    let db = context.owner_database().await?;
    let mut snapshot = Box::pin(db.begin_with(export::SNAPSHOT)).await?;
    let mut writer = Writer::new(unfinished.path(), &mut snapshot, &db, arguments.with_addresses);
    waiting::spin("sealing", Box::pin(parts::write(&mut writer, arguments.with_pages))).await?;
    let manifest = writer.manifest();
    snapshot.rollback().await?;

    let (text, hash) = manifest.text_and_hash()?;
    write(&unfinished.path().join(manifest::FILE), text.as_bytes())?;
    if let Some(key) = key {
        write(&unfinished.path().join(signature::FILE), key.sign(text.as_bytes()).as_ref())?;
    }
    let sealed = Sealed::of(&manifest, hash, key.is_some());
    // record the entry before the directory gets its name, so that no data are written without an entry
    let details = json!({ "rows": sealed.rows, "manifest_sha256": sealed.manifest_sha256 });
    record(audit_trail::SEALING, details, &db, context).await?;
    unfinished.keep(&arguments.directory)?;
    Ok(sealed)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = fs::File::create(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// Report of sealing.
#[derive(Serialize)]
struct Sealed {
    files: usize,
    rows: u64,
    audit_entries: u64,
    manifest_sha256: String,
    is_signed: bool,
}

impl Sealed {
    fn of(manifest: &Manifest, manifest_sha256: String, is_signed: bool) -> Self {
        let Manifest { files, audit_trail, .. } = manifest;
        let rows = files.iter().map(|file| file.rows).sum();
        Self { files: files.len(), rows, audit_entries: audit_trail.entries, manifest_sha256, is_signed }
    }
}

impl Report for Sealed {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{} files with {} rows, {} of them of the audit trail",
            self.files, self.rows, self.audit_entries
        )?;
        writeln!(out, "manifest: SHA-256 {}", self.manifest_sha256)?;
        if self.is_signed {
            writeln!(out, "signed: {}", signature::FILE)
        } else {
            writeln!(out, "not signed: only this SHA-256 reveals whether somebody has replaced the manifest")
        }
    }
}
