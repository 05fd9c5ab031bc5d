//! An export of everything, page by page, through the container's server.

#![cfg(target_os = "linux")]

use std::fs;
use std::process::Stdio;

use axum::body::Bytes;
use http::Request;
use serde_json::Value;
use tests::app::{API_KEY, environment};
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::{deployed, secrets};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const MOST_KIB: u64 = 64 * 1024;
const PAGE: usize = 10_000;

/// `augmed-server`, which ends with the test.
struct Server {
    process: Child,
    transport: Transport,
}

impl Server {
    async fn over(db: &TestDb) -> Self {
        let mut command = Command::new(deployed::binary("augmed-server"));
        command
            .env_clear()
            .envs(environment(&db.url()))
            .env("PORT", "0")
            .env("RUST_LOG", "server=info,augmed_server=info");
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = log.next_line().await.unwrap().expect("a line that says where it serves");
        let line: Value = serde_json::from_str(&line).unwrap();
        let port = line["address"].as_str().and_then(|address| address.rsplit(':').next()).expect("an address");
        let transport = Transport::http(&format!("http://127.0.0.1:{port}")).unwrap();
        tokio::spawn(async move {
            while let Ok(Some(line)) = log.next_line().await {
                secrets::look_at(&line);
            }
        });
        Self { process, transport }
    }

    /// Follows the links from the first page to the last; how many pages there were.
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

    /// The most memory it ever had, in KiB.
    fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id().unwrap())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
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
async fn twenty_thousand_answers_leave_the_server_below_64_mb() {
    let db = study_of(20_000).await;
    let server = Server::over(&db).await;

    let pages = tokio::join!(server.pages("application/json", "identity"), server.pages("text/csv", "gzip"));

    let peak = server.peak_memory();
    println!("{peak} KiB");
    assert_eq!(pages, (2, 2));
    assert!(peak < MOST_KIB, "{peak} KiB");
}

#[tokio::test]
#[ignore = "takes minutes: cargo test -p tests --test api -- --ignored --nocapture a_million"]
async fn a_million_answers_leave_the_server_below_64_mb() {
    let db = study_of(1_000_000).await;
    let server = Server::over(&db).await;

    for accept in ["application/json", "text/csv"] {
        for encoding in ["identity", "gzip"] {
            let start = std::time::Instant::now();
            let pages = server.pages(accept, encoding).await;
            let peak = server.peak_memory();

            println!("{accept}, {encoding}: {pages} pages in {:?}, {peak} KiB so far", start.elapsed());
            assert_eq!(pages, 1_000_000 / PAGE);
            assert!(peak < MOST_KIB, "{peak} KiB");
        }
    }
}
