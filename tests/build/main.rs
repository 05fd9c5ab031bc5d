//! The binaries of the workspace, built from inside a test.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

use std::fs;
use std::path::Path;

use local::build::{all_binaries, binaries, binaries_of};
use tempfile::TempDir;

/// A workspace of one package.
fn package(main: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let manifest = "[workspace]\n[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(directory.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src/main.rs"), main).unwrap();
    directory
}

#[test]
fn every_function_has_a_binary_of_its_name() {
    let built = all_binaries().unwrap_or_else(|error| panic!("{error}"));
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("functions");
    for function in fs::read_dir(functions).unwrap() {
        let name = function.unwrap().file_name().into_string().unwrap();
        assert!(built.get(&name).is_some_and(|path| path.is_file()), "{name} is not among {:?}", built.keys());
    }
}

#[test]
fn only_the_named_binaries_are_built() {
    let built = binaries(&["healthcheck".to_owned()]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(built.keys().collect::<Vec<_>>(), ["healthcheck"]);
}

#[test]
fn an_unknown_binary_is_an_error_that_names_it() {
    let error = binaries(&["nonesuch".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("nonesuch"), "{error}");
}

#[test]
fn the_binary_that_was_built_runs() {
    let tiny = package("fn main() { println!(\"here\"); }");
    let built = binaries_of(tiny.path(), ["--bins"]).unwrap_or_else(|error| panic!("{error}"));
    let output = std::process::Command::new(&built["tiny"]).output().unwrap();
    assert_eq!(output.stdout, b"here\n");
}

#[test]
fn when_it_does_not_compile_the_compiler_has_the_word() {
    let tiny = package("fn main() { let answer: u8 = \"forty-two\"; }");
    let error = binaries_of(tiny.path(), ["--bins"]).unwrap_err().to_string();
    assert!(error.contains("error[E0308]: mismatched types"), "{error}");
    assert!(error.contains("src/main.rs:1:30"), "{error}");
    assert!(!error.contains("Building ["), "{error}");
}
