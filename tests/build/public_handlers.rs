//! A handler's signature names its callers. A public handler says so in the first line of its file.

use std::fs;
use std::path::{Path, PathBuf};

/// Extractors of `shared::auth` that refuse all other callers.
const CALLERS: [&str; 3] = ["Participant", "Admin", "Service"];
/// Phrases for public handlers, for which a token is optional.
const PUBLIC: [&str; 2] = ["anyone", "whoever holds a mailed token"];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Returns name and parameters of each annotated handler.
fn handlers(source: &str) -> impl Iterator<Item = (&str, &str)> {
    source.split("#[utoipa::path(").skip(1).filter_map(|behind| {
        let (_, function) = behind.split_once("async fn ")?;
        let (signature, _) = function.split_once('{')?;
        signature.split_once('(')
    })
}

fn is_public(parameters: &str) -> bool {
    let is_optional = parameters.contains("Option<Participant>");
    is_optional || !CALLERS.iter().any(|caller| parameters.contains(caller))
}

#[test]
fn a_public_handler_says_so_in_the_first_line_of_its_file() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("functions");
    let mut files = Vec::new();
    sources(&functions, &mut files);

    let (mut public, mut closed) = (0, 0);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let first_line = source.lines().next().unwrap_or_default().to_lowercase();
        // these operations only describe routes for the document
        for (name, parameters) in handlers(&source).filter(|_| !file.ends_with("export/src/operations.rs")) {
            if is_public(parameters) {
                public += 1;
                assert!(
                    PUBLIC.iter().any(|word| first_line.contains(word)),
                    "{name} in {}: {first_line}",
                    file.display()
                );
            } else {
                closed += 1;
            }
        }
    }
    assert!(public >= 8 && closed >= 20, "too few handlers found: {public} public, {closed} others");
}
