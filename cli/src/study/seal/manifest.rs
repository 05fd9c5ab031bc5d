//! The manifest: every file of a sealed study with its hash.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

/// Name of the file.
pub const FILE: &str = "manifest.json";

/// Version of the format, for readers.
pub const FORMAT: u32 = 1;

/// The manifest.
#[derive(Debug, Deserialize, Serialize)]
pub struct Manifest {
    pub format: u32,
    pub files: Vec<Entry>,
    pub audit_trail: Chain,
}

/// A file with its hash.
#[derive(Debug, Deserialize, Serialize)]
pub struct Entry {
    pub name: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
}

/// End of the audit trail's hash chain.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Chain {
    pub entries: u64,
    /// Hash of the last entry.
    pub last: String,
}

impl Manifest {
    /// Returns the text of the manifest, and its SHA-256.
    pub fn text_and_hash(&self) -> Result<(String, String), Failure> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::from)? + "\n";
        let hash = sha256(&text);
        Ok((text, hash))
    }
}

/// Returns the length and the SHA-256 of a file.
pub fn length_and_hash(path: &Path) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hash)?;
    Ok((bytes, format!("{:x}", hash.finalize())))
}

/// Returns the SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
