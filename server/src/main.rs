//! `augmed-server`: serves HTTP on `PORT` until SIGTERM, then finishes what is in flight and exits with 0.

use std::net::{Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use migrate::Runner;
use secrecy::ExposeSecret;
use shared::db::Deployment;
use shared::{App, Config, telemetry};
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// ECS sends SIGKILL thirty seconds after SIGTERM; requests have five.
const DRAIN: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::start();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the server cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let container = |config: &Config| Deployment::Container { max_connections: config.database_max_connections };
    let (app, config) = App::start(std::env::vars().collect(), container).await?;
    if config.migrate_on_start {
        migrate(&config).await?;
    }
    let listener = listen(config.port).await?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(app.rotation.clone().keep_fresh());
    tracing::info!(address = %listener.local_addr()?, "serving");

    let stopping = async { _ = stopped.await };
    let serving =
        axum::serve(listener, server::service(app.clone(), &config)).with_graceful_shutdown(stopping).into_future();
    let mut serving = tokio::spawn(serving);
    tokio::select! {
        ended = &mut serving => return Ok(ended??),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing what is in flight");
    _ = stop.send(());
    // an idle client that keeps its connection open must not keep the container
    if tokio::time::timeout(DRAIN, serving).await.is_err() {
        tracing::warn!("connections were still open after {DRAIN:?}");
    }
    app.db.close().await;
    Ok(())
}

/// Of several containers that start at once one migrates, and the others wait for it.
async fn migrate(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let options: PgConnectOptions = config.database_url.expose_secret().parse()?;
    let message = Runner::new(&options).prepare_release().await.map_err(|error| format!("migrations: {error}"))?;
    tracing::info!(message, "migrations");
    Ok(())
}

/// All addresses, IPv4 and IPv6; IPv4 alone where there is no IPv6.
async fn listen(port: u16) -> std::io::Result<TcpListener> {
    match TcpListener::bind(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port))).await,
    }
}
