//! The faults of `lost` with PgBouncer in transaction mode between the API and PostgreSQL, and faults of the pooler itself.

use local::pgbouncer::{PgBouncer, through};
use tests::pgbouncer;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::lost::{Deployment, LOST_CONNECTION_DETECTION, RECOVERY, cut_connections, kill_functions, kill_postgres};

/// Fewer connections than participants.
const CONNECTIONS: usize = 20;

/// By default PgBouncer waits 15 s before it tries to reach an unavailable server again (docs/configuration.md).
const RETRY_AFTER_A_SECOND: &str = "server_login_retry = 1";

async fn pooler(network: &UnreliableNetwork, database: &str) -> PgBouncer {
    PgBouncer::start(&network.url(database), CONNECTIONS, RETRY_AFTER_A_SECOND).await.unwrap()
}

pub async fn no_acknowledged_write_is_lost_behind_a_pooler() {
    if pgbouncer::is_missing() {
        return;
    }
    let (postgres, network) = Deployment::database().await;
    let database = postgres.url();
    let mut running = pooler(&network, &database).await;
    let to_pooler = UnreliableNetwork::before(Upstream::Tcp(running.address())).await;
    let url = through(to_pooler.address(), &database).unwrap();
    let mut deployment = Deployment::over(postgres, network, url).await;
    let clients = deployment.clients();

    deployment.inject_noticed("PostgreSQL is killed", RECOVERY, kill_postgres).await;
    deployment.inject_noticed("the pooler's connections are cut", RECOVERY, cut_connections).await;
    deployment
        .inject_noticed("the pooler's connections are lost", LOST_CONNECTION_DETECTION, async |all| all.network.lose())
        .await;
    deployment
        .inject_noticed("connections to the pooler are lost", LOST_CONNECTION_DETECTION, async |_| to_pooler.lose())
        .await;
    let replace_pooler = async |all: &mut Deployment| {
        running.stop();
        running = pooler(&all.network, &database).await;
        to_pooler.redirect_to(Upstream::Tcp(running.address()));
    };
    deployment.inject_noticed("the pooler is killed", RECOVERY, replace_pooler).await;
    deployment.inject_noticed("function processes are killed", RECOVERY, kill_functions).await;

    deployment.check(clients).await;
}
