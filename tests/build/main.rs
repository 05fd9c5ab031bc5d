//! The binaries of the workspace, built from inside a test.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod public_handlers;

use std::fs;
use std::path::Path;
use std::process::Command;

use local::build::{all_binaries, binaries, binaries_of};
use serde_json::Value;
use tempfile::TempDir;

/// Creates a workspace with one package.
fn package(main: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let manifest = "[workspace]\n[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    fs::write(directory.path().join("Cargo.toml"), manifest).unwrap();
    fs::create_dir(directory.path().join("src")).unwrap();
    fs::write(directory.path().join("src/main.rs"), main).unwrap();
    directory
}

#[test]
fn every_function_has_a_binary_with_its_name() {
    let built = all_binaries().unwrap_or_else(|error| panic!("{error}"));
    let functions = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("functions");
    for function in fs::read_dir(functions).unwrap() {
        let name = function.unwrap().file_name().into_string().unwrap();
        assert!(built.get(&name).is_some_and(|path| path.is_file()), "{name} is not among {:?}", built.keys());
    }
}

/// The workspace's lints include `unsafe_code = "forbid"`.
#[test]
fn every_package_inherits_the_lints_of_the_workspace() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    assert!(root.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));

    let mut metadata = Command::new(env!("CARGO"));
    metadata.args(["metadata", "--no-deps", "--format-version=1", "--offline"]).current_dir(workspace);
    let metadata = metadata.output().unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();

    assert!(packages.len() > 20, "{}", packages.len());
    for manifest in packages.iter().map(|package| package["manifest_path"].as_str().unwrap()) {
        assert!(fs::read_to_string(manifest).unwrap().contains("[lints]\nworkspace = true"), "{manifest}");
    }
    // not a member of the workspace
    let fuzz = fs::read_to_string(workspace.join("fuzz/Cargo.toml")).unwrap();
    assert!(fuzz.contains("[lints.rust]\nunsafe_code = \"forbid\""));
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
fn the_built_binary_runs() {
    let tiny = package("fn main() { println!(\"here\"); }");
    let built = binaries_of(tiny.path(), ["--bins"]).unwrap_or_else(|error| panic!("{error}"));
    let output = Command::new(&built["tiny"]).output().unwrap();
    assert_eq!(output.stdout, b"here\n");
}

#[test]
fn a_compile_error_shows_the_compilers_message() {
    let tiny = package("fn main() { let answer: u8 = \"forty-two\"; }");
    let error = binaries_of(tiny.path(), ["--bins"]).unwrap_err().to_string();
    assert!(error.contains("error[E0308]: mismatched types"), "{error}");
    assert!(error.contains("src/main.rs:1:30"), "{error}");
    assert!(!error.contains("Building ["), "{error}");
}
