//! A local Application Load Balancer with the rules of template.yaml and the real function binaries.

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

/// Time limit for requests in flight when the load balancer stops.
const GRACE: Duration = Duration::from_secs(10);

/// Settings of a load balancer.
pub struct Options {
    /// Rules, target groups and functions.
    pub template: Template,
    /// Function binaries by name. A function without one is not registered: its target group answers 503.
    pub binaries: HashMap<String, PathBuf>,
    /// Settings of the functions.
    pub settings: Settings,
    /// Address of the container, the target of target groups with addresses.
    pub container: Option<SocketAddr>,
    /// Addresses of target groups that are not in the template, by ARN.
    pub addresses: HashMap<String, SocketAddr>,
    /// Target of requests that no rule matches, such as the frontend. Without it they get a 404.
    pub default_target: Option<SocketAddr>,
    /// Address to listen on; port 0 chooses any free one.
    pub listen: SocketAddr,
}

impl Default for Options {
    /// Returns an empty template on any free port of the loopback interface.
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

/// Why a load balancer did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is in use or not ours.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Error of the system.
        source: std::io::Error,
    },
    /// The watchdog shell of the functions' processes did not start.
    #[error("cannot start /bin/sh: {0}")]
    Watchdog(std::io::Error),
    /// The rules of only one listener can be executed.
    #[error("the rules belong to several listeners: {0}")]
    SeveralListeners(String),
}

/// A running load balancer. Dropping it stops it and its functions immediately.
pub struct LoadBalancer {
    address: SocketAddr,
    functions: HashMap<String, Function>,
    stop: Option<oneshot::Sender<()>>,
    listener: JoinHandle<()>,
}

impl LoadBalancer {
    /// Starts to listen. A function's first request starts its process.
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

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the function with this binary name, if the binary was given.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// Stops accepting connections, lets requests in flight finish, then ends every process.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // fails only after a panic, which has been reported already
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
