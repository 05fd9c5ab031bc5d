//! Memory of the container's server during an export of all pages.

#![cfg(target_os = "linux")]

use std::fs;

use axum::body::Bytes;
use http::Request;
use tests::app::API_KEY;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::server_process::Server;

/// Limit of the memory apart from code. In a release build, code takes less than 16 of the 64 MB; in a debug build twice as much.
const MAX_KIB: u64 = 32 * 1024;
const PAGE: usize = 10_000;

/// Reads exports of a server, which it stops when dropped.
struct Reader {
    server: Server,
    transport: Transport,
}

impl Reader {
    async fn of(db: &TestDb) -> Self {
        let server = Server::start(&db.url()).await;
        let transport = Transport::http(&format!("http://{}", server.address)).unwrap();
        Self { server, transport }
    }

    /// Follows the links from the first to the last page, and returns the number of pages.
    async fn pages(&self, accept: &str, encoding: &str) -> usize {
        let (mut pages, mut next) = (0, Some(format!("/api/v1/export/answers?limit={PAGE}&cursor=")));
        while let Some(path) = next {
            let request = Request::get(path).header("host", self.transport.host()).header("x-api-key", API_KEY);
            let request = request.header("accept", accept).header("accept-encoding", encoding);
            let page = self.transport.send(request.body(Bytes::new()).unwrap()).await.unwrap();
            assert_eq!(page.status(), 200);
            pages += 1;
            let link = page.headers().get("link").map(|link| link.to_str().unwrap());
            next = link.and_then(|link| link.split(['<', '>']).nth(1)).map(str::to_owned);
        }
        pages
    }

    /// Returns the peak memory apart from code, in KiB.
    fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let kib = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        kib("VmHWM:") - kib("RssFile:")
    }
}

async fn study_of(answers: usize) -> TestDb {
    let db = TestDb::with_study_data().await;
    let add = "INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer, ai_score_shown, created_timestamp)
               SELECT 'many-' || n, 1 + n % 3000, 'p' || n % 200 || '@study.test', '[{\"path\": \"BACKGROUND.History.Finding 1\"}]',
                      '{\"How confident are you?\": \"2\"}', n % 2 = 0, timestamp '2025-01-01' + n * interval '1 second'
               FROM generate_series(1, $1 - (SELECT count(*) FROM answer)) AS n";
    sqlx::query(add).bind(i64::try_from(answers).unwrap()).execute(&db.pool).await.unwrap();
    sqlx::query("ANALYZE answer").execute(&db.pool).await.unwrap();
    db
}

#[tokio::test]
#[ignore = "in just slow"]
async fn twenty_thousand_answers_leave_the_server_below_64_mb() {
    let db = study_of(20_000).await;
    let reader = Reader::of(&db).await;

    let pages = tokio::join!(reader.pages("application/json", "identity"), reader.pages("text/csv", "gzip"));

    let peak = reader.peak_memory();
    println!("{peak} KiB");
    assert_eq!(pages, (2, 2));
    assert!(peak < MAX_KIB, "{peak} KiB");
}

#[tokio::test]
#[ignore = "takes minutes: cargo test -p tests --test api -- --ignored --nocapture a_million"]
async fn a_million_answers_leave_the_server_below_64_mb() {
    let db = study_of(1_000_000).await;
    let reader = Reader::of(&db).await;

    for accept in ["application/json", "text/csv"] {
        for encoding in ["identity", "gzip"] {
            let start = std::time::Instant::now();
            let pages = reader.pages(accept, encoding).await;
            let peak = reader.peak_memory();

            println!("{accept}, {encoding}: {pages} pages in {:?}, {peak} KiB so far", start.elapsed());
            assert_eq!(pages, 1_000_000 / PAGE);
            assert!(peak < MAX_KIB, "{peak} KiB");
        }
    }
}
