//! 64 participants answer, 16 of them through the functions and 48 through the container, while faults are injected one by one.

use std::time::{Duration, Instant};

use local::lambda::{Function, Phase};
use local::load_balancer::{LoadBalancer, Options};
use nix::sys::signal::Signal;
use sqlx::PgPool;
use tests::deployed;
use tests::durable_postgres::Postgres;
use tests::server_process::Server;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::attempts::{Fault, assert_clean, statuses};
use crate::clients::{Acknowledged, Clients, Seen, answer};
use crate::study;

const TIME_BETWEEN_FAULTS: Duration = Duration::from_secs(3);
/// The service promises to work again this long after the database does.
pub const RECOVERY: Duration = Duration::from_secs(2);
/// A request on a lost connection gets its 503 after 4.5 s, and the connection is discarded a second later.
pub const LOST_CONNECTION_DETECTION: Duration = Duration::from_secs(6);

/// Container, functions and database, with the network between them.
pub struct Deployment {
    pub postgres: Postgres,
    /// In front of PostgreSQL.
    pub network: UnreliableNetwork,
    /// The database's address for the API.
    url: String,
    functions: LoadBalancer,
    /// Behind a separate load balancer, which answers 502 while no server listens.
    server: Server,
    to_server: UnreliableNetwork,
    container: LoadBalancer,
    faults: Vec<Fault>,
}

impl Deployment {
    async fn start() -> Self {
        let (postgres, network) = Self::database().await;
        let url = network.url(&postgres.url());
        Self::over(postgres, network, url).await
    }

    /// Starts a database with the study, and the network in front of it.
    pub async fn database() -> (Postgres, UnreliableNetwork) {
        let postgres = Postgres::start().await;
        study::load(&postgres.url()).await;
        let network = UnreliableNetwork::before(Upstream::of_database(&postgres.url())).await;
        (postgres, network)
    }

    /// Starts container and functions over the database at `url`.
    pub async fn over(postgres: Postgres, network: UnreliableNetwork, url: String) -> Self {
        let server = Server::start(&url).await;
        let to_server = UnreliableNetwork::before(Upstream::Tcp(server.address)).await;
        let options = Options { default_target: Some(to_server.address()), ..Options::default() };
        let container = LoadBalancer::start(options).await.unwrap();
        let functions = deployed::start(&url).await;
        Self { postgres, network, url, functions, server, to_server, container, faults: Vec::new() }
    }

    /// Starts the participants.
    pub fn clients(&self) -> Clients {
        let api = study::tokens(&self.url);
        Clients::start(self.functions.address(), self.container.address(), &api)
    }

    /// Waits a while, then injects and repairs a fault that must make requests fail.
    pub async fn inject_noticed(
        &mut self,
        name: &'static str,
        may_fail_for: Duration,
        fault: impl AsyncFnOnce(&mut Self),
    ) {
        self.inject(name, may_fail_for, true, fault).await;
    }

    /// Waits a while, then injects and repairs a fault that may go unnoticed.
    pub async fn inject_tolerated(
        &mut self,
        name: &'static str,
        may_fail_for: Duration,
        fault: impl AsyncFnOnce(&mut Self),
    ) {
        self.inject(name, may_fail_for, false, fault).await;
    }

    async fn inject(
        &mut self,
        name: &'static str,
        may_fail_for: Duration,
        must_fail_requests: bool,
        fault: impl AsyncFnOnce(&mut Self),
    ) {
        tokio::time::sleep(TIME_BETWEEN_FAULTS).await;
        let began = Instant::now();
        fault(self).await;
        let ended = Instant::now() + may_fail_for;
        self.faults.push(Fault { name, began, ended, must_fail_requests });
        tokio::time::sleep(may_fail_for).await;
    }

    /// Checks the responses that the participants got, and the data that is stored in the end.
    pub async fn check(self, clients: Clients) {
        tokio::time::sleep(TIME_BETWEEN_FAULTS).await;
        let seen = clients.stop().await;
        let stored = Stored::read(&self.postgres.url()).await;
        println!("\n  {} answers acknowledged in {:?} requests", seen.acknowledged.len(), statuses(&seen.attempts));
        assert_clean(&seen.attempts, &self.faults);
        stored.assert_holds(&seen);

        self.functions.stop().await;
        self.container.stop().await;
        self.server.signal(Signal::SIGTERM);
        assert!(self.server.exit().await.success());
        self.postgres.stop().await;
    }

    fn answering_functions(&self) -> impl Iterator<Item = &Function> {
        ["answer", "analytics"].into_iter().filter_map(move |name| self.functions.function(name))
    }
}

pub async fn no_acknowledged_write_is_lost() {
    let mut deployment = Deployment::start().await;
    let clients = deployment.clients();

    for name in ["PostgreSQL is killed", "PostgreSQL is killed once more"] {
        deployment.inject_noticed(name, RECOVERY, kill_postgres).await;
    }
    deployment.inject_noticed("connections are cut", RECOVERY, cut_connections).await;
    deployment.inject_tolerated("the network stalls for 2 s", RECOVERY, async |all| stall(all, 2).await).await;
    deployment.inject_noticed("the network stalls for 7 s", RECOVERY, async |all| stall(all, 7).await).await;
    deployment.inject_noticed("connections are lost", LOST_CONNECTION_DETECTION, async |all| all.network.lose()).await;
    deployment.inject_noticed("function processes are killed", RECOVERY, kill_functions).await;
    deployment.inject_tolerated("the server is replaced", RECOVERY, replace_server).await;
    deployment.check(clients).await;
}

pub async fn kill_postgres(all: &mut Deployment) {
    all.postgres.kill().await;
    all.postgres.start_again().await;
    all.network.redirect_to(Upstream::of_database(&all.postgres.url()));
}

pub async fn cut_connections(all: &mut Deployment) {
    for _ in 0..10 {
        all.network.cut();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn stall(all: &mut Deployment, seconds: u64) {
    all.network.stall(true);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    all.network.stall(false);
}

/// Kills ten processes that are working on a request.
pub async fn kill_functions(all: &mut Deployment) {
    let mut killed = 0;
    while killed < 10 {
        for function in all.answering_functions() {
            for process in function.processes().iter().filter(|process| process.phase() == Phase::Running) {
                process.kill().await;
                killed += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Replaces the server as ECS does: the new one takes over, the old one gets SIGTERM.
async fn replace_server(all: &mut Deployment) {
    let new = Server::start(&all.url).await;
    all.to_server.redirect_to(Upstream::Tcp(new.address));
    let old = std::mem::replace(&mut all.server, new);
    old.signal(Signal::SIGTERM);
    assert!(old.exit().await.success());
}

/// The content of the database in the end.
struct Stored {
    /// Id, task, account and content.
    answers: Vec<(i32, String, String, String)>,
    timings: Vec<(i32, String, String)>,
}

impl Stored {
    async fn read(url: &str) -> Self {
        let pool = PgPool::connect(url).await.unwrap();
        let answers = sqlx::query_as("SELECT id, task_id, user_email, answer::text FROM answer ORDER BY id");
        let timings = sqlx::query_as("SELECT id, case_config_id, user_email FROM analytics ORDER BY id");
        Self { answers: answers.fetch_all(&pool).await.unwrap(), timings: timings.fetch_all(&pool).await.unwrap() }
    }

    /// Asserts that each acknowledged answer and timing is stored, and that no assignment has two.
    fn assert_holds(&self, seen: &Seen) {
        for acknowledged in &seen.acknowledged {
            let Acknowledged { participant, case, .. } = *acknowledged;
            let (task, account) = (study::assignment(participant, case), study::address(participant));
            let expected = (acknowledged.answer, task.clone(), account.clone(), answer(participant, case).to_string());
            assert_eq!(
                self.answers.binary_search_by_key(&expected.0, |row| row.0).map(|at| &self.answers[at]),
                Ok(&expected)
            );
            if let Some(id) = acknowledged.timing {
                let found = self.timings.binary_search_by_key(&id, |row| row.0).map(|at| &self.timings[at]);
                assert_eq!(found, Ok(&(id, task, account)));
            }
        }
        let mut tasks: Vec<&str> = self.answers.iter().map(|row| row.1.as_str()).collect();
        tasks.sort_unstable();
        tasks.dedup();
        assert_eq!(tasks.len(), self.answers.len(), "an assignment with two answers");
        let mut timed: Vec<&str> = self.timings.iter().map(|row| row.1.as_str()).collect();
        timed.sort_unstable();
        timed.dedup();
        assert_eq!(timed.len(), self.timings.len(), "an assignment with two timings");
        println!("  {} answers and {} timings are stored, none twice\n", self.answers.len(), self.timings.len());
    }
}
