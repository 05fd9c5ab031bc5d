//! The API as it is deployed: the function binaries behind the load balancer of template.yaml.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use local::build;
use local::lambda::Settings;
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;

use crate::{app, secrets};

/// The API over the database at `database_url`, configured as [`app::TestApp`] is. Its functions end with it.
pub async fn start(database_url: &str) -> LoadBalancer {
    start_with(database_url, &[]).await
}

/// The same, with other values of some variables that the template gives them.
pub async fn start_with(database_url: &str, variables: &[(&str, &str)]) -> LoadBalancer {
    let mut environment: BTreeMap<_, _> = app::environment(database_url).into_iter().collect();
    environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let template = Template::read(&workspace().join("template.yaml"), &BTreeMap::new());
    let template = template.unwrap_or_else(|error| panic!("template.yaml: {error}"));
    let binaries = template.functions.iter().map(|function| (function.binary.clone(), binary(&function.binary)));
    let options = Options {
        binaries: binaries.collect(),
        settings: Settings {
            environment,
            everywhere: BTreeMap::from([("RUST_LOG".to_owned(), "info".to_owned())]),
            // no request waits for another, as in Lambda
            most_processes: 16,
            log: secrets::watched_log(),
        },
        template,
        ..Options::default()
    };
    LoadBalancer::start(options).await.expect("a load balancer on a free port")
}

/// A binary of this workspace, as new as its sources. `cargo test` does not build those of other packages.
pub fn binary(name: &str) -> PathBuf {
    let built = build::all_binaries().unwrap_or_else(|error| panic!("{error}"));
    built.get(name).unwrap_or_else(|| panic!("no binary is called {name}")).clone()
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace around this package")
}
