//! Who may call a handler stands in its signature. One that anybody may call says so in the first line of its file.

use std::fs;
use std::path::{Path, PathBuf};

/// Extractors of `shared::auth` that let nobody else in.
const CALLERS: [&str; 3] = ["Participant", "Admin", "Service"];
/// What a first line says of a handler that has none of them: there may be a token, but there need not.
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

/// Names and parameters of the functions that answer a request, by the annotation that each of them has.
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
fn a_handler_for_anyone_says_so_in_its_first_line() {
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("functions");
    let mut files = Vec::new();
    sources(&functions, &mut files);

    let (mut public, mut closed) = (0, 0);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let first_line = source.lines().next().unwrap_or_default().to_lowercase();
        // a route's operation for the document alone has no handler
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
    assert!(public >= 8 && closed >= 20, "handlers are looked for in another way: {public} and {closed}");
}
