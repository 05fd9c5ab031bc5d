use std::collections::BTreeMap;
use std::path::Path;

use local::template::{Function, Template};

use crate::failure::Failure;

/// Returns the names of the functions behind the load balancer.
pub fn functions() -> Result<Vec<String>, Failure> {
    let template = Template::read(&repository().join("template.yaml"), &BTreeMap::new())?;
    let behind_the_load_balancer = |function: &Function| function.code_uri.starts_with("functions/");
    Ok(template.functions.into_iter().filter(behind_the_load_balancer).map(|function| function.binary).collect())
}

/// Returns the directory of the workspace's Cargo.toml.
pub fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
