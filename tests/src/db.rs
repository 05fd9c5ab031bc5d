//! A separate database for each test, cloned in milliseconds from a template that is filled once.
//!
//! The server is the one at `TEST_DATABASE_URL`, or one shared by all test processes of this user ([`local::postgres`]). A test's
//! database is dropped some time after it has passed; that of a failed test is kept until the next run, for debugging.

use std::error::Error;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use local::postgres::{self, Config, Server};
use sha2::{Digest, Sha256};
use shared::config::MigrationUrls;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use url::Url;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONTRACT_DATA: &str = include_str!("../fixtures/contract/fixture.sql");
const OLD_SYSTEM: &str = include_str!("../fixtures/schema/old_system.sql");
const STUDY_DATA: &str = include_str!("../fixtures/study.sql");

/// The role of [`TestDb::application_url`].
const APPLICATION_ROLE: &str = "augmed_test_application";

/// A database for one test.
#[derive(Debug)]
pub struct TestDb {
    /// Connection pool of the database.
    pub pool: PgPool,
    /// Its name.
    pub name: String,
    url: Url,
}

impl TestDb {
    /// Creates an empty, migrated database.
    pub async fn new() -> Self {
        Self::cloned(Some(&migrated().await)).await
    }

    /// Creates one with the contract's data (`tests/fixtures/contract/fixture.sql`).
    pub async fn with_contract_data() -> Self {
        Self::with_data("contract", CONTRACT_DATA).await
    }

    /// Creates one from a dump of the old system (`tests/fixtures/schema/old_system.sql`).
    pub async fn of_the_old_system() -> Self {
        Self::cloned(Some(&old_system().await)).await
    }

    /// Creates one of the old system, adopted and migrated.
    pub async fn adopted() -> Self {
        let db = Self::of_the_old_system().await;
        let options = db.url().parse().unwrap_or_else(|error| panic!("{error}"));
        migrate::Runner::new(&options).up(None).await.unwrap_or_else(|error| panic!("{error}"));
        db
    }

    /// Creates one with a study that is large enough for indexes to matter (`tests/fixtures/study.sql`).
    pub async fn with_study_data() -> Self {
        Self::with_data("study", STUDY_DATA).await
    }

    async fn with_data(purpose: &str, statements: &str) -> Self {
        let load = async |options: &PgConnectOptions| {
            options.connect().await?.execute(statements).await?;
            Ok(())
        };
        Self::cloned(Some(&Template::filled(purpose, statements, Some(&migrated().await), load).await)).await
    }

    /// Creates one without tables.
    pub async fn empty() -> Self {
        Self::cloned(None).await
    }

    /// Clones `template`.
    pub async fn from_template(template: &Template) -> Self {
        Self::cloned(Some(template)).await
    }

    /// Returns its address.
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// Returns its address for a role with the rights of functions and container. All tests on the server share the role.
    pub async fn application_url(&self) -> String {
        let mut url = self.url.clone();
        let set = url.set_username(APPLICATION_ROLE).and_then(|()| url.set_password(Some("of-tests")));
        set.unwrap_or_else(|()| panic!("{} takes no user", self.url));
        self.grant(url.as_str()).await.unwrap_or_else(|error| panic!("no application role for this test: {error}"));
        url.into()
    }

    async fn grant(&self, url: &str) -> Result<()> {
        static FIRST: OnceCell<()> = OnceCell::const_new();
        let create = async || {
            // if several processes need it, one creates it
            let mut admin = cluster().await.connect().await?;
            admin.execute("SELECT pg_advisory_lock(hashtext('application role'))").await?;
            self.migrate_for(url).await?;
            Ok::<_, Box<dyn Error + Send + Sync>>(admin.close().await?)
        };
        FIRST.get_or_try_init(create).await?;
        self.migrate_for(url).await
    }

    async fn migrate_for(&self, url: &str) -> Result<()> {
        let urls = MigrationUrls::new(url.into(), Some(self.url().into()), None);
        migrate::Runner::of_urls(&urls)?.up(None).await?;
        Ok(())
    }

    async fn cloned(template: Option<&Template>) -> Self {
        clone(template).await.unwrap_or_else(|error| panic!("no database for this test: {error}"))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("The database of this test stays until the next run: psql '{}'", self.url);
            // one failure is enough for `scripts/mutants`
            if std::env::var_os("FAIL_FAST").is_some() {
                std::process::exit(101);
            }
        } else if let Ok(mut finished) = FINISHED.lock() {
            finished.push(std::mem::take(&mut self.name));
        }
    }
}

/// Databases of this process whose tests have passed.
static FINISHED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A database to clone.
#[derive(Clone, Debug)]
pub struct Template {
    name: String,
}

impl Template {
    /// Creates a template from `base` or empty, and fills it with `fill`, once for each `content`, which identifies what `fill` stores.
    ///
    /// # Panics
    ///
    /// If it cannot be filled.
    pub async fn filled<F>(purpose: &str, content: impl AsRef<[u8]>, base: Option<&Self>, fill: F) -> Self
    where
        F: AsyncFnOnce(&PgConnectOptions) -> Result<()>,
    {
        let hash = Sha256::new().chain_update(base.map_or("", |base| &base.name)).chain_update(content).finalize();
        let template = Self { name: format!("template_{purpose}_{}", &format!("{hash:x}")[..12]) };
        match template.fill(purpose, base, fill).await {
            Ok(()) => template,
            Err(error) => panic!("the template `{purpose}` cannot be filled: {error}"),
        }
    }

    async fn fill<F>(&self, purpose: &str, base: Option<&Self>, fill: F) -> Result<()>
    where
        F: AsyncFnOnce(&PgConnectOptions) -> Result<()>,
    {
        let cluster = cluster().await;
        let mut admin = cluster.connect().await?;
        if self.exists(&mut admin).await? {
            return Ok(());
        }
        admin.execute("SELECT pg_advisory_lock(hashtext('template'))").await?;
        if self.exists(&mut admin).await? {
            return Ok(());
        }
        drop_database(&mut admin, &self.name).await?; // one that was left half full
        create_database(&mut admin, &self.name, base).await?;
        fill(&cluster.options.clone().database(&self.name)).await?;
        let name = &self.name;
        admin.execute(format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false").as_str()).await?;
        drop_old_templates(&mut admin, purpose).await?;
        Ok(admin.close().await?)
    }

    async fn exists(&self, admin: &mut PgConnection) -> sqlx::Result<bool> {
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)");
        query.bind(&self.name).fetch_one(admin).await
    }
}

async fn old_system() -> Template {
    let restore = async |options: &PgConnectOptions| {
        options.connect().await?.execute(OLD_SYSTEM).await?;
        Ok(())
    };
    Template::filled("old_system", OLD_SYSTEM, None, restore).await
}

/// Returns the template with the current schema.
async fn migrated() -> Template {
    let migrate = async |options: &PgConnectOptions| {
        migrate::Runner::new(options).up(None).await?;
        Ok(())
    };
    let checksums: Vec<u8> = migrate::migrations::up().flat_map(|migration| migration.checksum.to_vec()).collect();
    Template::filled("migrated", checksums, None, migrate).await
}

/// The server for the tests of this process.
struct Cluster {
    url: Url,
    options: PgConnectOptions,
    /// Part of the names of this process's databases.
    run: String,
    /// While it is open, `run` is among the application names, and other processes do not drop our databases.
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
    async fn connect(&self) -> sqlx::Result<PgConnection> {
        self.options.connect().await
    }
}

async fn cluster() -> &'static Cluster {
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

async fn clone(template: Option<&Template>) -> Result<TestDb> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster().await;
    let mut admin = cluster.connect().await?;
    let finished = FINISHED.lock().map(|mut finished| std::mem::take(&mut *finished)).unwrap_or_default();
    for name in finished {
        drop_database(&mut admin, &name).await?;
    }
    let name = format!("{}_{}", cluster.run, COUNT.fetch_add(1, Ordering::Relaxed));
    admin.execute("SELECT pg_advisory_lock_shared(hashtext('template'))").await?;
    create_database(&mut admin, &name, template).await?;
    admin.close().await?;
    let mut url = cluster.url.clone();
    url.set_path(&name);
    let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(cluster.options.clone().database(&name));
    Ok(TestDb { pool, name, url })
}

async fn create_database(admin: &mut PgConnection, name: &str, template: Option<&Template>) -> sqlx::Result<()> {
    let template = template.map_or("template0", |template| &template.name);
    // copies files instead of logging every block: several times faster without fsync
    let strategy = if admin.server_version_num() >= Some(150_000) { "STRATEGY file_copy" } else { "" };
    admin.execute(format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}").as_str()).await?;
    Ok(())
}

async fn drop_database(admin: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    admin.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str()).await?;
    Ok(())
}

/// Drops databases of failed tests, of the last tests of a process, and of killed processes, unless another process is doing so.
async fn drop_databases_of_ended_runs(admin: &mut PgConnection) -> sqlx::Result<()> {
    let alone = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('ended runs'))");
    if !alone.fetch_one(&mut *admin).await? {
        return Ok(());
    }
    let ended = "SELECT datname FROM pg_database WHERE datname ~ '^test_[0-9a-f]{8}_[0-9]+$' \
                 AND left(datname, 13) NOT IN (SELECT application_name FROM pg_stat_activity)";
    for name in sqlx::query_scalar::<_, String>(ended).fetch_all(&mut *admin).await? {
        drop_database(admin, &name).await?;
    }
    admin.execute("SELECT pg_advisory_unlock(hashtext('ended runs'))").await?;
    Ok(())
}

/// Keeps the newest four: other checkouts use this server too.
async fn drop_old_templates(admin: &mut PgConnection, purpose: &str) -> sqlx::Result<()> {
    let old = "SELECT datname FROM pg_database WHERE datname ~ ('^template_' || $1 || '_[0-9a-f]{12}$') \
               AND datistemplate ORDER BY oid DESC OFFSET 4";
    for name in sqlx::query_scalar::<_, String>(old).bind(purpose).fetch_all(&mut *admin).await? {
        admin.execute(format!("ALTER DATABASE {name} IS_TEMPLATE false").as_str()).await?;
        drop_database(admin, &name).await?;
    }
    Ok(())
}
