//! `cargo dev`: one command from an empty machine to a running API.
//!
//! Read [`run`] first: port → database ([`database`]) → binaries ([`crate::build`]) → server or load balancer ([`platform`]) →
//! printed announcement ([`announcement`]) → a signal, or the end of the server.

mod announcement;
mod arguments;
mod database;
mod environment;
mod frontend;
mod platform;
mod port;
mod secrets;
mod server_process;
mod signals;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf, absolute};

use shared::secrets::SecretsError;

use crate::build::{self, BuildError};
use crate::template::{Template, TemplateError};

pub use arguments::{Arguments, Via};
pub use database::DatabaseError;
pub use platform::PlatformError;
pub use port::PortError;
pub use server_process::ServerError;

use announcement::{Announcement, Demo};
use database::{Database, slowly};
use platform::{Plan, Platform};
use secrets::Secrets;
use signals::Signals;

/// Why `cargo dev` did not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is not free.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The database is not available.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A secret in SSM could not be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// template.yaml cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The binaries cannot be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server or the load balancer failed.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// The data directory cannot be used.
    #[error("{}: {source}", path.display())]
    Data {
        /// The directory, or a file in it.
        path: PathBuf,
        /// Error of the file system.
        source: io::Error,
    },
    /// Signal handlers cannot be installed.
    #[error("signals: {0}")]
    Signals(io::Error),
}

/// The checkout this program was built from.
fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"))
}

/// Serves until a signal arrives.
pub async fn run(arguments: Arguments) -> Result<(), Error> {
    let port = port::free(arguments.port)?;
    let address = format!("http://127.0.0.1:{port}");
    let mut given = shared::config::process_environment();
    shared::secrets::resolve(&mut given).await?;
    let data = data_directory(arguments.data.as_deref())?;
    let secrets_file = data.join("secrets.json");
    let secrets =
        Secrets::kept_in(&secrets_file).map_err(|source| Error::Data { path: secrets_file.clone(), source })?;

    let database = Database::find(&given, &data).await?;
    database.migrate().await?;
    if !arguments.no_demo {
        database.seed().await?;
    }

    let template = Template::read(&workspace().join("template.yaml"), &platform::parameters(arguments.via))?;
    let binaries = tokio::task::block_in_place(|| build::binaries(&platform::binaries(arguments.via, &template)))?;
    let environment = environment::environment(&given, &database.url, &address, &data.join("mail"), &secrets);

    let announcement = Announcement {
        address: &address,
        served_by: match arguments.via {
            Via::Server => "the container's server",
            Via::Lambda => "Lambda functions behind the load balancer of template.yaml",
        },
        frontend: arguments.frontend.as_deref(),
        demo: (!arguments.no_demo).then(Demo::of_first_participant),
        psql: database.server.is_some().then(|| format!("psql '{}'", database.url)),
        mail_transport: &environment["MAIL_TRANSPORT"],
        secrets: &secrets_file,
    }
    .to_string();
    let plan = Plan { via: arguments.via, template, binaries, environment, frontend: arguments.frontend, port };
    serve(plan, &announcement).await
}

async fn serve(plan: Plan, announcement: &str) -> Result<(), Error> {
    let mut signals = Signals::listen().map_err(Error::Signals)?;
    let mut platform = tokio::select! {
        platform = slowly("starting", Platform::start(plan)) => platform?,
        () = signals.received() => return Ok(()),
    };
    say(announcement);
    tokio::select! {
        problem = platform.ended() => return Err(problem.into()),
        () = signals.received() => {}
    }
    say("\nStopping: finishing what is in flight.\n");
    Ok(platform.stop().await?)
}

/// Prints `text`. A closed pipe is not a reason to stop.
fn say(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn data_directory(wanted: Option<&Path>) -> Result<PathBuf, Error> {
    let directory = wanted.map_or_else(|| workspace().join(".local"), Path::to_owned);
    let usable = absolute(&directory).and_then(|directory| fs::create_dir_all(&directory).map(|()| directory));
    usable.map_err(|source| Error::Data { path: directory, source })
}
