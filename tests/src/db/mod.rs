//! A separate database for each test, cloned in milliseconds from a template that is filled once.
//!
//! The server is the one at `TEST_DATABASE_URL`, or one shared by all test processes of this user ([`local::postgres`]). A test's
//! database is dropped some time after it has passed; that of a failed test is kept until the next run, for debugging.

mod cluster;
mod databases;
mod template;

use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use shared::config::MigrationUrls;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgPool};
use tokio::sync::OnceCell;
use url::Url;

use crate::waiting::until;
use cluster::cluster;
use databases::{Result, create_database, drop_database};

pub use template::Template;

const CONTRACT_DATA: &str = include_str!("../../fixtures/contract/fixture.sql");
const OLD_SYSTEM: &str = include_str!("../../fixtures/schema/old_system.sql");
const STUDY_DATA: &str = include_str!("../../fixtures/study.sql");

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

    /// Creates a database with the contract's data (`tests/fixtures/contract/fixture.sql`).
    pub async fn with_contract_data() -> Self {
        Self::with_data("contract", CONTRACT_DATA).await
    }

    /// Creates a database from a dump of the old system (`tests/fixtures/schema/old_system.sql`).
    pub async fn of_the_old_system() -> Self {
        Self::cloned(Some(&old_system().await)).await
    }

    /// Creates a database of the old system, adopted and migrated.
    pub async fn adopted() -> Self {
        let db = Self::of_the_old_system().await;
        let options = db.url().parse().unwrap_or_else(|error| panic!("{error}"));
        migrate::Runner::new(&options).up(None).await.unwrap_or_else(|error| panic!("{error}"));
        db
    }

    /// Creates a database with a study that is large enough for indexes to matter (`tests/fixtures/study.sql`).
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

    /// Creates a database without tables.
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

    /// Returns its address with a role that has the rights of functions and container. All tests on the server share the role.
    pub async fn application_url(&self) -> String {
        let mut url = self.url.clone();
        let set = url.set_username(APPLICATION_ROLE).and_then(|()| url.set_password(Some("of-tests")));
        set.unwrap_or_else(|()| panic!("{} cannot have a user", self.url));
        self.grant(url.as_str()).await.unwrap_or_else(|error| panic!("no application role for this test: {error}"));
        url.into()
    }

    /// Waits until so many sessions wait for a lock.
    pub async fn until_blocked(&self, sessions: i64) {
        until(Duration::from_mins(1), async || self.blocked().await >= sessions).await;
    }

    /// Returns how many sessions wait for a lock.
    pub async fn blocked(&self) -> i64 {
        let blocked = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        sqlx::query_scalar(blocked).fetch_one(&self.pool).await.expect("a count")
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
    create_database(&mut admin, &name, template.map(|template| template.name.as_str())).await?;
    admin.close().await?;
    let mut url = cluster.url.clone();
    url.set_path(&name);
    let pool = PgPoolOptions::new().max_connections(5).connect_lazy_with(cluster.options.clone().database(&name));
    Ok(TestDb { pool, name, url })
}
