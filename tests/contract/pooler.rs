//! PgBouncer in transaction mode for both forms of the service.

use tests::pgbouncer::{NoOptions, PgBouncer};
use tokio::sync::OnceCell;

static POOLER: OnceCell<(PgBouncer, NoOptions)> = OnceCell::const_new();

/// Starts the pooler in front of the server of `database`. All scenarios share it.
async fn start(database: &str) -> &'static (PgBouncer, NoOptions) {
    let start = async || {
        let pooler = PgBouncer::before(database).await;
        let proxy = NoOptions::before(&pooler).await;
        (pooler, proxy)
    };
    POOLER.get_or_init(start).await
}

/// Returns the address of `database` through PgBouncer.
pub async fn url(database: &str) -> String {
    start(database).await.0.url(database)
}

/// Returns the address of `database` through a proxy that refuses startup options, as RDS Proxy does, and PgBouncer.
pub async fn proxy_url(database: &str) -> String {
    start(database).await.1.url(database)
}

/// Stops the pooler, because statics are never dropped.
pub fn stop() {
    if let Some((pooler, _)) = POOLER.get() {
        pooler.stop();
    }
}
