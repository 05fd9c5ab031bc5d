//! Runs the server alone, or a load balancer in front of the server, the functions and a frontend.

use std::collections::{BTreeMap, HashMap};
use std::net::Ipv4Addr;
use std::path::PathBuf;

use super::arguments::Via;
use super::frontend::Frontend;
use super::port::{self, PortError};
use super::server_process::{ServerError, ServerProcess};
use crate::lambda::Settings;
use crate::load_balancer::{self, LoadBalancer, Options};
use crate::template::Template;

/// Name of the container's binary.
pub(super) const SERVER: &str = "augmed-server";

/// What to run.
pub(super) struct Plan {
    pub via: Via,
    pub template: Template,
    /// Paths by name.
    pub binaries: HashMap<String, PathBuf>,
    pub environment: BTreeMap<String, String>,
    pub frontend: Option<PathBuf>,
    pub port: u16,
}

/// The running parts.
#[derive(Default)]
pub(super) struct Platform {
    server: Option<ServerProcess>,
    load_balancer: Option<LoadBalancer>,
    frontend: Option<Frontend>,
}

/// Why the platform failed.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The container's server failed.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The load balancer failed.
    #[error(transparent)]
    LoadBalancer(#[from] load_balancer::StartError),
    /// No port is free.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The frontend cannot be served.
    #[error("frontend: {0}")]
    Frontend(std::io::Error),
}

/// Returns the parameters of template.yaml that send everything to the container.
pub(super) fn parameters(via: Via) -> BTreeMap<String, String> {
    let container_alone = [("WithContainer", "true"), ("ApiTraffic", "0,100,0")];
    match via {
        Via::Server => container_alone.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        // the default of CORS_ORIGINS: any origin may read responses
        Via::Lambda => BTreeMap::from([("CorsOrigins".to_owned(), "*".to_owned())]),
    }
}

/// Returns the names of the binaries to build.
pub(super) fn binaries(via: Via, template: &Template) -> Vec<String> {
    match via {
        Via::Server => vec![SERVER.to_owned()],
        Via::Lambda => {
            let arns = template
                .target_groups
                .iter()
                .filter(|group| group.is_lambda())
                .filter_map(|group| group.targets.first());
            arns.filter_map(|arn| Some(template.function(arn)?.binary.clone())).collect()
        }
    }
}

impl Platform {
    /// Starts everything and waits until it accepts connections.
    pub async fn start(plan: Plan) -> Result<Self, PlatformError> {
        let mut platform = Self::default();
        if let Some(directory) = &plan.frontend {
            platform.frontend = Some(Frontend::serve(directory).await.map_err(PlatformError::Frontend)?);
        }
        let is_behind_load_balancer = plan.via == Via::Lambda || plan.frontend.is_some();
        if plan.via == Via::Server {
            let port = if is_behind_load_balancer { port::free(0)? } else { plan.port };
            platform.server = Some(ServerProcess::start(&plan.binaries[SERVER], &plan.environment, port).await?);
        }
        if is_behind_load_balancer {
            platform.load_balancer = Some(LoadBalancer::start(platform.options(plan)).await?);
        }
        Ok(platform)
    }

    fn options(&self, plan: Plan) -> Options {
        let is_for_every_function = |name: &str| name == "RUST_LOG" || name.starts_with("AWS_");
        let (everywhere, environment) = plan.environment.into_iter().partition(|(name, _)| is_for_every_function(name));
        Options {
            template: plan.template,
            binaries: plan.binaries,
            settings: Settings { environment, everywhere, ..Settings::default() },
            container: self.server.as_ref().map(ServerProcess::address),
            default_target: self.frontend.as_ref().map(|frontend| frontend.address),
            listen: (Ipv4Addr::LOCALHOST, plan.port).into(),
            ..Options::default()
        }
    }

    /// Waits until a part ends unexpectedly.
    pub async fn ended(&mut self) -> PlatformError {
        match &mut self.server {
            Some(server) => server.ended().await.into(),
            None => std::future::pending().await,
        }
    }

    /// Finishes requests in flight, then ends every process.
    pub async fn stop(self) -> Result<(), PlatformError> {
        if let Some(load_balancer) = self.load_balancer {
            load_balancer.stop().await;
        }
        if let Some(server) = self.server {
            server.stop().await?;
        }
        Ok(())
    }
}
