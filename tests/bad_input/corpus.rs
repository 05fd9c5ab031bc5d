//! Replays the corpora of the fuzzer (`tests/fixtures/fuzz`), including inputs that once failed.

use std::fs;
use std::path::{Path, PathBuf};

use tests::fuzzed::TARGETS;

fn inputs(name: &str) -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(name);
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().path())
}

#[test]
fn no_input_of_the_corpora_causes_a_server_error() {
    for (name, target) in TARGETS {
        let mut count = 0;
        for path in inputs(name) {
            target(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            count += 1;
        }
        assert!(count >= 20, "{name} has {count} inputs");
    }
}

/// A corpus without a target is never replayed.
#[test]
fn every_corpus_has_a_target() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    let mut names: Vec<_> =
        fs::read_dir(corpora).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
}
