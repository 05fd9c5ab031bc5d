//! The process of the container.

use std::net::{Ipv6Addr, SocketAddr};
use std::process::ExitCode;

use migrate::Runner;
use shared::db::Deployment;
use shared::{App, Config, config, telemetry};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::connections::{self, Limits};

/// Runs `augmed-server`: serves HTTP on `PORT` until SIGTERM, then finishes the requests in flight and exits with 0.
pub fn main() -> ExitCode {
    telemetry::start();
    match Runtime::new().map_err(Into::into).and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the server failed");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let container = |config: &Config| Deployment::Container { max_connections: config.database_max_connections };
    let (app, config) = App::start(config::process_environment(), container).await?;
    if config.migrate_on_start {
        migrate(&config).await?;
    }
    let listener = listen(config.port).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopped = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: finishing requests in flight");
    };
    tokio::spawn(app.rotation.clone().keep_fresh());
    tracing::info!(address = %listener.local_addr()?, "serving");

    // `serve` waits a limited time: an idle client with an open connection must not delay the exit
    if !connections::serve(listener, crate::service(app.clone(), &config), stopped, Limits::default()).await {
        tracing::warn!("stopped with open connections");
    }
    app.db.close();
    telemetry::shutdown();
    Ok(())
}

/// Applies pending migrations. If several containers start at once, one migrates and the others wait for it.
async fn migrate(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let runner = Runner::of_urls(&config.migration_urls())?;
    let message = runner.prepare_release().await.map_err(|error| format!("migrations: {error}"))?;
    tracing::info!(message, "migrations");
    Ok(())
}

/// Listens on all IPv6 and IPv4 addresses, or on IPv4 alone if there is no IPv6.
async fn listen(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port))).await,
    }
}
