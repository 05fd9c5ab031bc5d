//! An Application Load Balancer on one machine: the rules of template.yaml, the real function binaries.

mod answer;
mod event;
mod forwarded;
mod listener;
mod own;
mod proxy;
mod query;
mod redirect;
mod router;
mod rules;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::proxy::Proxy;
use self::router::{Router, Target};
pub use self::rules::rule_for;
use crate::lambda::{Function, ProcessGroup, Settings};
use crate::template::Template;

/// How long requests may take that are under way when the load balancer stops.
const GRACE: Duration = Duration::from_secs(10);

/// What a load balancer is made of.
pub struct Options {
    /// Rules, target groups and functions.
    pub template: Template,
    /// Function binaries by name. A function without one is not registered: its target group answers 503.
    pub binaries: HashMap<String, PathBuf>,
    /// How functions run.
    pub settings: Settings,
    /// Where the container listens, the target of target groups with addresses.
    pub container: Option<SocketAddr>,
    /// Where target groups lead that the template does not have, by ARN.
    pub addresses: HashMap<String, SocketAddr>,
    /// Where requests go that no rule takes, the frontend say. Without it they are answered with a 404.
    pub default_target: Option<SocketAddr>,
    /// Where to listen; port 0 is any free one.
    pub listen: SocketAddr,
}

impl Default for Options {
    /// An empty template on any free port of the loopback interface.
    fn default() -> Self {
        Self {
            template: Template::default(),
            binaries: HashMap::new(),
            settings: Settings::default(),
            container: None,
            addresses: HashMap::new(),
            default_target: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
        }
    }
}

/// Why a load balancer does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The shell that guards the functions' processes does not start.
    #[error("cannot start /bin/sh: {0}")]
    Watchdog(std::io::Error),
    /// Rules of one listener can be executed, not those of several.
    #[error("the rules belong to several listeners: {0}")]
    SeveralListeners(String),
}

/// A running load balancer. Dropping it ends it and its functions at once.
pub struct LoadBalancer {
    address: SocketAddr,
    functions: HashMap<String, Function>,
    stop: Option<oneshot::Sender<()>>,
    listener: JoinHandle<()>,
}

impl LoadBalancer {
    /// Listens. No function process is started before its first request.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let mut listeners: Vec<_> = options.template.rules.iter().map(|rule| rule.listener.as_str()).collect();
        listeners.dedup();
        if listeners.len() > 1 {
            return Err(StartError::SeveralListeners(listeners.join(", ")));
        }
        let problem = |source| StartError::Listen { address: options.listen, source };
        let socket = TcpListener::bind(options.listen).await.map_err(problem)?;
        let address = socket.local_addr().map_err(problem)?;
        let group = Arc::new(ProcessGroup::new().map_err(StartError::Watchdog)?);
        let functions = functions(&options, &group);
        let router = Router {
            targets: targets(&options, &functions),
            rules: options.template.rules,
            default_target: options.default_target,
            proxy: Proxy::new(),
            port: address.port(),
        };
        let (stop, stopped) = oneshot::channel();
        let listener = tokio::spawn(listener::listen(socket, Arc::new(router), stopped, GRACE));
        Ok(Self { address, functions, stop: Some(stop), listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The function of this name (its binary's), where it has a binary.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// Accepts no more connections, lets requests that are under way end, then ends every process.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // It only fails by panicking, which has been reported then.
        let _ = (&mut self.listener).await;
        for function in self.functions.values() {
            function.stop(GRACE).await;
        }
    }
}

impl Drop for LoadBalancer {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn functions(options: &Options, group: &Arc<ProcessGroup>) -> HashMap<String, Function> {
    let with_binary = options
        .template
        .functions
        .iter()
        .filter_map(|function| Some((function, options.binaries.get(&function.binary)?)));
    with_binary
        .map(|(function, binary)| {
            let running = Function::new(function.clone(), binary.clone(), options.settings.clone(), group.clone());
            (function.binary.clone(), running)
        })
        .collect()
}

fn targets(options: &Options, functions: &HashMap<String, Function>) -> HashMap<String, Target> {
    let target = |group: &crate::template::TargetGroup| {
        if group.is_lambda() {
            let function = options.template.function(group.targets.first()?)?;
            Some(Target::Function(functions.get(&function.binary)?.clone(), group.clone()))
        } else {
            options.container.map(Target::Address)
        }
    };
    let own = options.template.target_groups.iter().filter_map(|group| Some((group.arn.clone(), target(group)?)));
    own.chain(options.addresses.iter().map(|(arn, address)| (arn.clone(), Target::Address(*address)))).collect()
}
