use std::path::Path;
use std::sync::Mutex;

use local::postgres::{self, Config, Server};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use url::Url;

use super::databases::{Result, drop_databases_of_ended_runs};

/// The server for the tests of this process.
pub(super) struct Cluster {
    pub url: Url,
    pub options: PgConnectOptions,
    /// Part of the names of this process's databases.
    pub run: String,
    /// While this connection is open, `run` is among the application names, and other processes do not drop our databases.
    _sign_of_life: Mutex<PgConnection>,
    _server: Option<Server>,
}

impl Cluster {
    async fn find() -> Result<Self> {
        let (url, server) = match postgres::given("TEST_DATABASE_URL") {
            Some(url) => (url, None),
            None => spawn_blocking(start).await?.map(|server| (server.url("postgres"), Some(server)))?,
        };
        let options = url.parse::<PgConnectOptions>()?.disable_statement_logging();
        let run = format!("test_{:08x}", rand::random::<u32>());
        let mut sign_of_life = options.clone().application_name(&run).connect().await?;
        drop_databases_of_ended_runs(&mut sign_of_life).await?;
        Ok(Self { url: url.parse()?, options, run, _sign_of_life: Mutex::new(sign_of_life), _server: server })
    }

    /// Opens a new connection for each use, because a test's runtime ends with the test.
    pub async fn connect(&self) -> sqlx::Result<PgConnection> {
        self.options.connect().await
    }
}

/// Returns the server, which the first call finds or starts.
pub(super) async fn cluster() -> &'static Cluster {
    static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
    match CLUSTER.get_or_try_init(Cluster::find).await {
        Ok(cluster) => cluster,
        Err(error) => panic!("no PostgreSQL for tests: {error}"),
    }
}

fn start() -> std::result::Result<Server, postgres::Error> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    Server::start(&Config::test(postgres::scratch_directory(&target)))
}
