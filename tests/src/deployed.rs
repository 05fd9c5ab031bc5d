//! The API as it is deployed: the function binaries behind the load balancer of template.yaml.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use local::lambda::Settings;
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;

use crate::app;

/// The API over the database at `database_url`, configured as [`app::TestApp`] is. Its functions end with it.
pub async fn start(database_url: &str) -> LoadBalancer {
    let template = Template::read(&workspace().join("template.yaml"), &BTreeMap::new());
    let template = template.unwrap_or_else(|error| panic!("template.yaml: {error}"));
    let binaries = template.functions.iter().map(|function| (function.binary.clone(), binary(&function.binary)));
    let options = Options {
        binaries: binaries.collect(),
        settings: Settings {
            environment: app::environment(database_url).into_iter().collect(),
            everywhere: BTreeMap::from([("RUST_LOG".to_owned(), "error".to_owned())]),
            ..Settings::default()
        },
        template,
        ..Options::default()
    };
    LoadBalancer::start(options).await.expect("a load balancer on a free port")
}

/// A binary of this workspace, as new as its sources.
pub fn binary(name: &str) -> PathBuf {
    static BUILT: LazyLock<Result<PathBuf, String>> = LazyLock::new(build);
    let folder = BUILT.as_ref().unwrap_or_else(|problem| panic!("{problem}"));
    folder.join(name)
}

/// Builds the binaries that `cargo test` does not: those of other packages. Selecting the whole workspace, as it does,
/// keeps features the same, and with them what is compiled. Gives the folder of the build that this test belongs to.
fn build() -> Result<PathBuf, String> {
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--quiet", "--workspace", "--bins"]).current_dir(workspace());
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let status = build.status().map_err(|error| format!("cargo does not run: {error}"))?;
    if !status.success() {
        return Err("the binaries cannot be built, see above".to_owned());
    }
    let test = env::current_exe().map_err(|error| format!("this test's path is unknown: {error}"))?;
    test.ancestors().nth(2).map(Path::to_owned).ok_or_else(|| "this test is not in target/<profile>/deps".to_owned())
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this package")
}
