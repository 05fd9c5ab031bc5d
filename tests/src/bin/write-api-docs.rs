//! `cargo run --package tests --bin write-api-docs`: writes `docs/api/` after handlers' annotations have changed.

use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/api");
    let document = openapi::document();
    fs::write(directory.join("openapi.json"), document.to_pretty_json()? + "\n")?;
    fs::write(directory.join("index.html"), openapi::page(&document)?)?;
    Ok(())
}
