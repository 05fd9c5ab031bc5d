//! The deployed API: the function binaries behind the load balancer of template.yaml.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use local::build;
use local::lambda::{Function, ProcessGroup, Settings};
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;

use crate::{app, secrets};

/// Starts the API over the database at `database_url`, configured like [`app::TestApp`]. Its functions end with it.
pub async fn start(database_url: &str) -> LoadBalancer {
    start_with(database_url, &[]).await
}

/// Starts the API with some of the template's variables changed.
pub async fn start_with(database_url: &str, variables: &[(&str, &str)]) -> LoadBalancer {
    let mut environment: BTreeMap<_, _> = app::environment(database_url).into_iter().collect();
    environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    // enough processes that no request waits for another, as in Lambda
    start_as(Settings { max_processes: 16, ..settings(environment) }).await
}

/// Starts the API as in Lambda Managed Instances: each function has one process with up to `max_concurrency` concurrent requests.
pub async fn start_managed(database_url: &str, max_concurrency: u32) -> LoadBalancer {
    let settings = settings(app::environment(database_url).into_iter().collect());
    start_as(Settings { max_processes: 1, max_concurrency, ..settings }).await
}

async fn start_as(settings: Settings) -> LoadBalancer {
    let template = template();
    let binaries = template.functions.iter().map(|function| (function.binary.clone(), binary(&function.binary)));
    let options = Options { binaries: binaries.collect(), settings, template, ..Options::default() };
    LoadBalancer::start(options).await.expect("a load balancer on a free port")
}

/// Starts a single function with these variables.
pub fn function(name: &str, environment: impl IntoIterator<Item = (String, String)>) -> Function {
    let found = template().functions.into_iter().find(|function| function.binary == name);
    let found = found.unwrap_or_else(|| panic!("no function is called {name}"));
    let group = ProcessGroup::new().expect("a process group");
    Function::new(found, binary(name), settings(environment.into_iter().collect()), Arc::new(group))
}

/// Returns settings whose log checks every line. The variables of OpenTelemetry and of [`crate::process_clock`] are not in the template.
fn settings(environment: BTreeMap<String, String>) -> Settings {
    let (mut everywhere, environment): (BTreeMap<_, _>, _) = environment
        .into_iter()
        .partition(|(name, _)| ["OTEL_", "FAKETIME_", "LD_"].iter().any(|of| name.starts_with(of)));
    everywhere.insert("RUST_LOG".to_owned(), "debug".to_owned());
    Settings { environment, everywhere, log: secrets::watched_log(), ..Settings::default() }
}

/// Returns parameters of a stack that behaves as without `CORS_ORIGINS`, as the recordings expect.
fn any_origin() -> BTreeMap<String, String> {
    BTreeMap::from([("CorsOrigins".to_owned(), "*".to_owned())])
}

/// Returns template.yaml with the parameters that the recordings expect.
///
/// # Panics
///
/// If it cannot be read.
pub fn template() -> Template {
    let template = Template::read(&workspace().join("template.yaml"), &any_origin());
    template.unwrap_or_else(|error| panic!("template.yaml: {error}"))
}

/// Returns an up-to-date binary of this workspace. `cargo test` does not build those of other packages. If the directory
/// `BINARIES` is given, it has the binaries, and nothing is built.
pub fn binary(name: &str) -> PathBuf {
    if let Some(directory) = std::env::var_os("BINARIES") {
        return Path::new(&directory).join(name);
    }
    let built = build::all_binaries().unwrap_or_else(|error| panic!("{error}"));
    built.get(name).unwrap_or_else(|| panic!("no binary is called {name}")).clone()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this package")
}
