//! What `lost` has, with PgBouncer in transaction mode between the API and PostgreSQL, and faults of the pooler itself.

use local::pgbouncer::{PgBouncer, through};
use tests::pgbouncer;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::lost::{BACK, Deployment, LOST_CONNECTIONS_FOUND, cut_connections, kill_functions, kill_postgres};

/// Fewer than there are participants.
const CONNECTIONS: usize = 20;

/// PgBouncer waits 15 s before it tries to reach a server again that was not there, if nobody tells it otherwise (docs/configuration.md).
const TRY_AGAIN: &str = "server_login_retry = 1";

async fn pooler(network: &UnreliableNetwork, database: &str) -> PgBouncer {
    PgBouncer::start(&network.url(database), CONNECTIONS, TRY_AGAIN).await.unwrap()
}

pub async fn nothing_that_was_acknowledged_is_lost_behind_a_pooler() {
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

    deployment.suffer("PostgreSQL is killed", BACK, kill_postgres).await;
    deployment.suffer("the pooler's connections are cut", BACK, cut_connections).await;
    deployment
        .suffer("the pooler's connections are lost", LOST_CONNECTIONS_FOUND, async |all| all.network.lose())
        .await;
    deployment.suffer("connections to the pooler are lost", LOST_CONNECTIONS_FOUND, async |_| to_pooler.lose()).await;
    let replace_pooler = async |all: &mut Deployment| {
        running.stop();
        running = pooler(&all.network, &database).await;
        to_pooler.redirect_to(Upstream::Tcp(running.address()));
    };
    deployment.suffer("the pooler is killed", BACK, replace_pooler).await;
    deployment.suffer("function processes are killed", BACK, kill_functions).await;

    deployment.check(clients).await;
}
