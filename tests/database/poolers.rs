//! Everything works without session state: behind PgBouncer in transaction mode, and behind a proxy that refuses startup options.

use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use shared::db::{Address, Database, Deployment};
use sqlx::Executor as _;
use tests::app;
use tests::db::TestDb;
use tests::deployed;
use tests::pgbouncer::{NoOptions, PgBouncer};
use tests::round_trips::RoundTrips;
use tests::waiting::until;

const CONTAINER: Deployment = Deployment::Container { max_connections: 8 };

/// Connects like the server.
pub fn connect(url: &str) -> Database {
    let config = shared::Config::from_environment(&app::environment(url)).unwrap();
    Database::new(Address::of(&config, CONTAINER).unwrap(), CONTAINER)
}

/// A database and all ways to connect to it: directly, and through each kind of pooler.
struct Ways {
    db: TestDb,
    pooler: PgBouncer,
    _deaf: PgBouncer,
    urls: [(&'static str, String); 4],
}

impl Ways {
    async fn to(db: TestDb) -> Self {
        let pooler = PgBouncer::before(&db.url()).await;
        let deaf = "ignore_startup_parameters = options, extra_float_digits";
        let deaf = PgBouncer::configured(&db.url(), deaf).await;
        let proxy = NoOptions::before(&pooler).await;
        let urls = [
            ("direct", db.url()),
            ("PgBouncer", pooler.url(&db.url())),
            ("PgBouncer that ignores options", deaf.url(&db.url())),
            ("a proxy that refuses options", proxy.url(&db.url())),
        ];
        Self { db, pooler, _deaf: deaf, urls }
    }
}

pub async fn the_limits_of_a_request_apply_through_every_pooler() {
    let ways = Ways::to(TestDb::new().await).await;
    for (way, url) in &ways.urls {
        let db = connect(url);
        let limits = "SELECT current_setting('statement_timeout'), current_setting('jit'), current_setting('idle_in_transaction_session_timeout')";
        let expected = ("4s".to_owned(), "off".to_owned(), "5s".to_owned());

        assert_eq!(sqlx::query_as(limits).fetch_one(&db).await.ok(), Some(expected.clone()), "{way}");
        let mut transaction = db.begin().await.unwrap();
        assert_eq!(sqlx::query_as(limits).fetch_one(&mut *transaction).await.ok(), Some(expected), "{way}");
    }
}

pub async fn a_statement_takes_one_round_trip_directly_and_four_through_a_pooler() {
    let ways = Ways::to(TestDb::new().await).await;
    for ((way, url), expected) in ways.urls.iter().zip([1, 4, 4, 4]) {
        let counted = RoundTrips::before(url).await;
        let db = connect(counted.url());
        sqlx::query("SELECT $1::int").bind(1_i32).execute(&db).await.unwrap();
        counted.take();

        sqlx::query("SELECT $1::int").bind(2_i32).execute(&db).await.unwrap();

        assert_eq!(counted.take(), expected, "{way}");
    }
}

/// A connection that was left in an unknown state would be tested first.
pub async fn a_statement_after_a_commit_takes_one_round_trip() {
    let db = TestDb::new().await;
    let counted = RoundTrips::before(&db.url()).await;
    let process = connect(counted.url());
    let statement = async || sqlx::query("SELECT 1").execute(&process).await.unwrap();
    statement().await;
    process.begin().await.unwrap().commit().await.unwrap();
    counted.take();

    statement().await;

    assert_eq!(counted.take(), 1);
}

pub async fn a_statement_ends_after_four_seconds_through_every_pooler() {
    let ways = Ways::to(TestDb::new().await).await;
    let attempts = ways.urls.iter().map(async |(way, url)| {
        let started = Instant::now();
        let error = sqlx::query("SELECT pg_sleep(8)").execute(&connect(url)).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("57014"), "{way}: {error}");
        assert!(started.elapsed() >= Duration::from_secs(4), "{way}");
        Ok::<_, ()>(())
    });

    try_join_all(attempts).await.unwrap();
}

pub async fn an_idle_transaction_is_ended_through_every_pooler() {
    let ways = Ways::to(TestDb::new().await).await;
    let attempts = ways.urls.iter().map(async |(way, url)| {
        let mut transaction = connect(url).begin().await.unwrap();
        let idle = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND state = 'idle in transaction'";
        let idle = async || sqlx::query_scalar::<_, i64>(idle).fetch_one(&ways.db.pool).await.unwrap();
        // the limit is five seconds; a slow machine gets fifteen more
        until(Duration::from_secs(20), async || idle().await == 0).await;
        assert!(transaction.execute("SELECT 1").await.is_err(), "{way}");
        Ok::<_, ()>(())
    });

    try_join_all(attempts).await.unwrap();
}

/// Each process names its first prepared statement `sqlx_s_1`.
pub async fn statements_of_several_processes_are_not_mixed_up() {
    let ways = Ways::to(TestDb::new().await).await;
    for (way, url) in &ways.urls {
        let processes: Vec<Database> = (0..4).map(|_| connect(url)).collect();
        let asked = (0..200_i32).map(|number| {
            let db = processes[usize::try_from(number % 4).unwrap()].clone();
            let text =
                ["SELECT $1::int", "SELECT 0 + $1::int", "SELECT $1::int + 0"][usize::try_from(number % 3).unwrap()];
            async move {
                let answer: i32 = sqlx::query_scalar(text).bind(number).fetch_one(&db).await?;
                assert_eq!(answer, number);
                Ok::<_, sqlx::Error>(())
            }
        });
        // more at once would have to wait for connections
        let answered: Result<Vec<()>, _> = stream::iter(asked).buffer_unordered(16).try_collect().await;
        answered.unwrap_or_else(|error| panic!("{way}: {error}"));
    }
}

pub async fn committed_rows_are_stored_and_rolled_back_ones_are_not() {
    let ways = Ways::to(TestDb::empty().await).await;
    ways.db.pool.execute("CREATE TABLE note (way text)").await.unwrap();
    for (way, url) in &ways.urls {
        let db = connect(url);
        sqlx::query("INSERT INTO note VALUES ($1)").bind(way).execute(&db).await.unwrap();
        let mut transaction = db.begin().await.unwrap();
        sqlx::query("INSERT INTO note VALUES ('lost')").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        assert!(sqlx::query("INSERT INTO nowhere VALUES (1)").execute(&db).await.is_err());
    }
    let notes: Vec<String> = sqlx::query_scalar("SELECT way FROM note").fetch_all(&ways.db.pool).await.unwrap();
    assert_eq!(notes, ways.urls.each_ref().map(|(way, _)| *way));
}

fn augmed(arguments: &[&str], url: &str, direct: &str) -> (bool, String) {
    let mut command = Command::new(deployed::binary("augmed"));
    command.args(arguments).envs(app::environment(url)).env("DATABASE_DIRECT_URL", direct);
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

pub async fn a_migration_needs_an_address_that_bypasses_the_pooler() {
    let ways = Ways::to(TestDb::empty().await).await;
    for (way, url) in &ways.urls[1..] {
        let (done, told) = augmed(&["migrate", "up"], url, "");
        assert!(!done && told.contains("set DATABASE_DIRECT_URL"), "{way}: {told}");
    }

    let (done, told) = augmed(&["migrate", "up"], &ways.pooler.url(&ways.db.url()), &ways.db.url());
    assert!(done, "{told}");
}

pub async fn the_command_line_works_through_every_pooler() {
    let ways = Ways::to(TestDb::with_contract_data().await).await;
    for (way, url) in &ways.urls {
        for arguments in
            [&["users", "list"][..], &["progress"], &["export", "answers", "--format", "csv"], &["assignments", "list"]]
        {
            // twice, because the first run leaves prepared statements behind
            for _ in 0..2 {
                let (done, told) = augmed(arguments, url, "");
                assert!(done, "{way}: augmed {arguments:?}: {told}");
            }
        }
    }
}
