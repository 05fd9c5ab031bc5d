//! Container and functions over one PostgreSQL, each behind a load balancer, with everything that can break between them.

use std::time::Duration;

use local::load_balancer::{LoadBalancer, Options};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Executor as _, PgPool};
use tests::contract::transport::Transport;
use tests::deployed;
use tests::durable_postgres::Postgres;
use tests::process_clock::{self, ProcessClock};
use tests::server_process::Server;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::study::STUDY;
use crate::world::World;

pub struct Deployment {
    pub postgres: Postgres,
    /// Between the API and PostgreSQL.
    pub network: UnreliableNetwork,
    /// Between the test and PostgreSQL.
    direct: UnreliableNetwork,
    pub functions: LoadBalancer,
    pub server: Server,
    to_server: UnreliableNetwork,
    container: LoadBalancer,
    /// None without libfaketime.
    pub clocks: Option<Clocks>,
    url: String,
}

pub struct Clocks {
    pub container: ProcessClock,
    pub functions: ProcessClock,
}

impl Deployment {
    pub async fn start() -> Self {
        let postgres = Postgres::start().await;
        let options: PgConnectOptions = postgres.url().parse().unwrap();
        migrate::Runner::new(&options).up(None).await.unwrap_or_else(|error| panic!("{error}"));
        options.connect().await.unwrap().execute(STUDY).await.unwrap();
        let network = UnreliableNetwork::before(Upstream::of_database(&postgres.url())).await;
        let direct = UnreliableNetwork::before(Upstream::of_database(&postgres.url())).await;
        let url = network.url(&postgres.url());
        let clocks = (!process_clock::is_missing())
            .then(|| Clocks { container: ProcessClock::new(), functions: ProcessClock::new() });
        let server = start_server(&url, clocks.as_ref()).await;
        let to_server = UnreliableNetwork::before(Upstream::Tcp(server.address)).await;
        let options = Options { default_target: Some(to_server.address()), ..Options::default() };
        let container = LoadBalancer::start(options).await.unwrap();
        let variables = clocks.as_ref().map(|clocks| clocks.functions.variables());
        let variables: Vec<_> = variables.iter().flatten().map(|(name, value)| (*name, value.as_str())).collect();
        let functions = deployed::start_with(&url, &variables).await;
        Self { postgres, network, direct, functions, server, to_server, container, clocks, url }
    }

    pub fn world(&self) -> World {
        let transport = |balancer: &LoadBalancer| Transport::http(&format!("http://{}", balancer.address())).unwrap();
        let container = transport(&self.container);
        World::new(container, transport(&self.functions), self.database(), self.url.clone())
    }

    fn database(&self) -> PgPool {
        let options = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(2));
        options.connect_lazy(&self.direct.url(&self.postgres.url())).unwrap()
    }

    pub async fn kill_postgres(&mut self) {
        self.postgres.kill().await;
        self.postgres.start_again().await;
        for network in [&self.network, &self.direct] {
            network.redirect_to(Upstream::of_database(&self.postgres.url()));
        }
    }

    /// Ends the server without notice and starts another.
    pub async fn kill_server(&mut self) {
        self.server.signal(nix::sys::signal::Signal::SIGKILL);
        self.print_faults_of_server();
        self.server = start_server(&self.url, self.clocks.as_ref()).await;
        self.to_server.redirect_to(Upstream::Tcp(self.server.address));
    }

    /// Prints what the server logged as an error, as the functions do when they log it.
    pub fn print_faults_of_server(&mut self) {
        for line in self.server.drain_log().iter().filter(|line| line.contains(r#""level":"ERROR""#)) {
            eprintln!("server: {line}");
        }
    }

    pub async fn stop(self) {
        self.functions.stop().await;
        self.container.stop().await;
        drop(self.server);
        self.postgres.stop().await;
    }
}

/// The log at level debug of ten minutes would fill the memory.
async fn start_server(url: &str, clocks: Option<&Clocks>) -> Server {
    let clock = clocks.map(|clocks| clocks.container.variables());
    let clock = clock.iter().flatten().map(|(name, value)| (*name, value.as_str()));
    let variables: Vec<_> = clock.chain([("RUST_LOG", "info")]).collect();
    Server::start_with(url, &variables).await
}
