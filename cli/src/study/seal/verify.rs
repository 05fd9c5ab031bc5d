//! `study verify`: checks whether a sealed study is unchanged. Needs no database.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::audit_trail;
use super::manifest::{self, Chain, FORMAT, Manifest, length_and_hash, sha256};
use super::signature::{self, VerifyingKey};
use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};

#[derive(Debug, Args)]
#[command(after_help = "\
Ends with 1 where something was changed, added or lost. Whoever can change files can write a new manifest, too: --key or --manifest tells.")]
pub struct Arguments {
    /// A directory written by `study seal`.
    directory: PathBuf,
    /// Check the signature with this Ed25519 key (PEM), public or private.
    #[arg(long, value_name = "FILE")]
    key: Option<Input>,
    /// The SHA-256 of the manifest, as printed by `study seal`.
    #[arg(long, value_name = "SHA256")]
    manifest: Option<String>,
}

pub fn run(arguments: &Arguments, context: &Context) -> Result<Ending, Failure> {
    let key = arguments.key.as_ref().map(VerifyingKey::read).transpose()?;
    let directory = &arguments.directory;
    let path = directory.join(manifest::FILE);
    let text = fs::read(&path).map_err(|error| {
        Failure::new(format!("{}: {error}", path.display()))
            .with_remedy("name a directory written by `augmed study seal`")
    })?;
    let manifest = read(&text).map_err(|problem| Failure::new(format!("{}: {problem}", path.display())))?;
    let manifest_sha256 = sha256(&text);
    let files = Files::of(directory, &manifest)?;
    let is_expected = |expected: &String| expected.trim().eq_ignore_ascii_case(&manifest_sha256);
    context.show(&Verified {
        is_other_manifest: arguments.manifest.as_ref().is_some_and(|expected| !is_expected(expected)),
        audit_trail: check_audit_trail(directory, &manifest.audit_trail, &files),
        signature: check_signature(directory, &text, key.as_ref()),
        checked: manifest.files.len(),
        manifest_sha256,
        files,
    })
}

fn read(text: &[u8]) -> Result<Manifest, String> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(|error| format!("not a manifest: {error}"))?;
    if manifest.format != FORMAT {
        return Err(format!("this version of augmed cannot read format {}, only {FORMAT}", manifest.format));
    }
    let is_plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    match manifest.files.iter().find(|file| !is_plain(&file.name)) {
        Some(file) => Err(format!("{:?} is not the name of a file in this directory", file.name)),
        None => Ok(manifest),
    }
}

/// Differences between files and manifest.
#[derive(Serialize)]
struct Files {
    changed: Vec<String>,
    added: Vec<String>,
    lost: Vec<String>,
}

impl Files {
    fn of(directory: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let mut there = BTreeSet::new();
        for entry in fs::read_dir(directory)? {
            there.insert(entry?.file_name().to_string_lossy().into_owned());
        }
        let (mut changed, mut lost) = (Vec::new(), Vec::new());
        for file in &manifest.files {
            let path = directory.join(&file.name);
            if !there.remove(&file.name) {
                lost.push(file.name.clone());
            } else if !path.is_file() || length_and_hash(&path)? != (file.bytes, file.sha256.clone()) {
                changed.push(file.name.clone());
            }
        }
        let added = there.into_iter().filter(|name| ![manifest::FILE, signature::FILE].contains(&name.as_str()));
        Ok(Self { changed, added: added.collect(), lost })
    }
}

/// Returns what is wrong with the chain, or `None` if it is intact or its file is lost.
fn check_audit_trail(directory: &Path, expected: &Chain, files: &Files) -> Option<String> {
    if files.lost.iter().any(|name| name == audit_trail::FILE) {
        return None;
    }
    let file = File::open(directory.join(audit_trail::FILE)).ok();
    match file.map(|file| audit_trail::check(BufReader::new(file))) {
        None => Some("cannot be read".to_owned()),
        Some(Err(line)) => Some(format!("entry {line} does not follow from the entries before it")),
        Some(Ok(chain)) if chain != *expected => {
            Some(format!("has {} entries and a different last hash; {} were sealed", chain.entries, expected.entries))
        }
        Some(Ok(_)) => None,
    }
}

/// State of the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Signed {
    Good,
    Wrong,
    Missing,
    Unchecked,
    Unsigned,
}

fn check_signature(directory: &Path, manifest: &[u8], key: Option<&VerifyingKey>) -> Signed {
    match (fs::read(directory.join(signature::FILE)), key) {
        (Ok(signature), Some(key)) if key.accepts(manifest, &signature) => Signed::Good,
        (Ok(_), Some(_)) => Signed::Wrong,
        (Err(_), Some(_)) => Signed::Missing,
        (Ok(_), None) => Signed::Unchecked,
        (Err(_), None) => Signed::Unsigned,
    }
}

/// Results of the verification.
#[derive(Serialize)]
struct Verified {
    checked: usize,
    #[serde(flatten)]
    files: Files,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_trail: Option<String>,
    manifest_sha256: String,
    is_other_manifest: bool,
    signature: Signed,
}

impl Report for Verified {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Files { changed, added, lost } = &self.files;
        for (what, names) in [("changed", changed), ("added", added), ("lost", lost)] {
            names.iter().try_for_each(|name| writeln!(out, "wrong: {what}: {name}"))?;
        }
        if let Some(problem) = &self.audit_trail {
            writeln!(out, "wrong: the audit trail: {problem}")?;
        }
        if self.is_other_manifest {
            writeln!(out, "wrong: the manifest was replaced: SHA-256 {}", self.manifest_sha256)?;
        }
        match self.signature {
            Signed::Good => writeln!(out, "good: the signature matches this key")?,
            Signed::Wrong => writeln!(out, "wrong: the signature does not match this manifest and key")?,
            Signed::Missing => writeln!(out, "wrong: there is no signature ({})", signature::FILE)?,
            Signed::Unchecked => writeln!(out, "note: there is a signature; --key checks it")?,
            Signed::Unsigned => {}
        }
        match self.ending() {
            Ending::Done => writeln!(out, "good: {} files are as they were sealed", self.checked),
            Ending::FoundWrong => Ok(()),
        }
    }

    fn ending(&self) -> Ending {
        let Files { changed, added, lost } = &self.files;
        let is_good = [changed, added, lost].iter().all(|names| names.is_empty())
            && self.audit_trail.is_none()
            && !self.is_other_manifest
            && !matches!(self.signature, Signed::Wrong | Signed::Missing);
        if is_good { Ending::Done } else { Ending::FoundWrong }
    }
}
