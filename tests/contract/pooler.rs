//! PgBouncer in transaction mode, which both forms of the service are put behind.

use tests::pgbouncer::{NoOptions, PgBouncer};
use tokio::sync::OnceCell;

static POOLER: OnceCell<(PgBouncer, NoOptions)> = OnceCell::const_new();

/// Starts the pooler before the server of `database`, which all scenarios share.
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

/// Returns the address of `database` through what refuses startup options, as RDS Proxy does, and PgBouncer.
pub async fn proxy_url(database: &str) -> String {
    start(database).await.1.url(database)
}

/// Ends it, because nobody drops what is static.
pub fn stop() {
    if let Some((pooler, _)) = POOLER.get() {
        pooler.stop();
    }
}
