//! Exports by the deployed function, whose responses must fit in 1 MB.

use std::fs;
use std::io::Read as _;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use flate2::read::GzDecoder;
use http::{Request, Response};
use local::load_balancer::LoadBalancer;
use serde_json::Value;
use tests::app::{API_KEY, TestApp};
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::deployed;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

const ANSWERS: &str = "/api/v1/export/answers";

/// Inserts about 45 MB of answers, larger ones first, with quotes and with text that compresses badly.
const MANY_ANSWERS: &str = r#"
    INSERT INTO answer (task_id, user_email, created_timestamp, answer)
    SELECT n, 'p1@study.test', timestamp '2025-01-01' + n * interval '1 minute',
           json_build_object('free text', (SELECT string_agg(md5(n || '-' || k), '"') FROM generate_series(1, CASE WHEN n <= 40 THEN 400 ELSE 120 END) k))
    FROM generate_series(1, 10000) n"#;

struct Deployed {
    api: TestApp,
    load_balancer: LoadBalancer,
    transport: Transport,
}

impl Deployed {
    async fn over(db: TestDb) -> Self {
        let url = db.url();
        Self::reaching(db, &url).await
    }

    /// Starts functions that reach `db` at this address.
    async fn reaching(db: TestDb, url: &str) -> Self {
        let load_balancer = deployed::start(url).await;
        let transport = Transport::http(&format!("http://{}", load_balancer.address())).unwrap();
        Self { api: TestApp::over(db).await, load_balancer, transport }
    }

    async fn execute(&self, statement: &str) {
        sqlx::raw_sql(statement).execute(self.api.pool()).await.unwrap();
    }

    async fn get(&self, path: &str, accept: &str, encoding: &str) -> Response<Bytes> {
        let request = Request::get(path).header("host", self.transport.host()).header("x-api-key", API_KEY);
        let request = request.header("accept", accept).header("accept-encoding", encoding);
        self.transport.send(request.body(Bytes::new()).unwrap()).await.unwrap()
    }
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn unpacked(answer: &Response<Bytes>) -> String {
    let mut text = String::new();
    match header(answer, "content-encoding") {
        "gzip" => GzDecoder::new(&answer.body()[..]).read_to_string(&mut text).unwrap(),
        _ => (&answer.body()[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

fn error_message(answer: &Response<Bytes>) -> String {
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_export_whose_rows_are_locked_is_a_503_in_time() {
    let db = TestDb::with_contract_data().await;
    let network = UnreliableNetwork::before(Upstream::of_database(&db.url())).await;
    let url = network.url(&db.url());
    let deployed = Deployed::reaching(db, &url).await;
    // the start of the process does not count towards its deadline
    assert_eq!(deployed.get(ANSWERS, "application/json", "identity").await.status(), 200);
    deployed.load_balancer.function("export").unwrap().wait_until_idle().await;
    let mut transaction = deployed.api.pool().begin().await.unwrap();
    // the keys of the page are read without this table
    sqlx::raw_sql("LOCK TABLE person IN ACCESS EXCLUSIVE MODE").execute(&mut *transaction).await.unwrap();

    let began = Instant::now();
    let stall = async {
        deployed.api.db.until_blocked(1).await;
        network.stall(true);
    };
    let (answer, ()) = tokio::join!(deployed.get(ANSWERS, "application/json", "identity"), stall);

    assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "1"));
    // the deadline ends after 4.5 seconds, and a ping of the connection would take another one
    assert!(began.elapsed() < Duration::from_millis(5400), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_function_exports_the_same_as_the_container() {
    let deployed = Deployed::over(TestDb::with_contract_data().await).await;

    for path in ["answers", "display-configs", "analytics", "participants"].map(|name| format!("/api/v1/export/{name}"))
    {
        let whole = deployed.api.get_with_key(&path).await;
        for encoding in ["identity", "gzip"] {
            let json = deployed.get(&path, "application/json", encoding).await;
            let csv = deployed.get(&path, "text/csv", encoding).await;

            assert_eq!(unpacked(&json), String::from_utf8_lossy(&whole.body), "{path} {encoding}");
            assert_eq!(header(&csv, "content-disposition"), "attachment; filename=export.csv");
            assert_eq!(header(&csv, "content-encoding"), encoding.trim_start_matches("identity"), "{path}");
            assert_eq!(csv_rows(&unpacked(&csv)), whole.json()["data"].as_array().unwrap().len(), "{path} {encoding}");
        }
    }
    deployed.load_balancer.stop().await;
}

fn csv_rows(text: &str) -> usize {
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).count()
}

fn json_rows(text: &str) -> usize {
    let export: Value = serde_json::from_str(text).unwrap();
    export["data"].as_array().unwrap().len()
}

/// Returns the function's peak memory, in KiB.
fn peak_memory(deployed: &Deployed) -> u64 {
    let process = deployed.load_balancer.function("export").unwrap().processes()[0].pid();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn the_limit_in_a_refusal_fits_and_is_not_much_too_small() {
    let deployed = Deployed::over(TestDb::new().await).await;
    deployed.execute(MANY_ANSWERS).await;

    for (accept, encoding, rows_of) in [
        ("application/json", "identity", json_rows as fn(&str) -> usize),
        ("text/csv", "identity", csv_rows),
        ("application/json", "gzip", json_rows),
        ("text/csv", "gzip", csv_rows),
    ] {
        let refused = deployed.get(&format!("{ANSWERS}?limit=10000"), accept, encoding).await;
        let message = error_message(&refused);
        let limit = message.split("limit=").nth(1).and_then(|rest| rest.split(' ').next()).expect(&message);
        let fitting = deployed.get(&format!("{ANSWERS}?limit={limit}"), accept, encoding).await;

        assert_eq!(
            (refused.status().as_u16(), fitting.status().as_u16()),
            (413, 200),
            "{accept} {encoding}: {message}"
        );
        assert_eq!(rows_of(&unpacked(&fitting)).to_string(), limit, "{accept} {encoding}");
        assert!(fitting.body().len() > 550_000, "{accept} {encoding}: {limit} rows are {} bytes", fitting.body().len());
    }
    let peak = peak_memory(&deployed);
    assert!(peak < 64 * 1024, "{peak} KiB for a refusal");
    deployed.load_balancer.stop().await;
}

#[tokio::test]
async fn an_export_whose_first_row_is_too_large_is_refused_without_a_limit() {
    let deployed = Deployed::over(TestDb::new().await).await;
    deployed.execute("INSERT INTO answer (task_id, answer) VALUES ('large', to_json(repeat('x', 1000000)))").await;

    let refused = deployed.get(ANSWERS, "application/json", "identity").await;

    assert_eq!(refused.status(), 413);
    assert!(error_message(&refused).contains("not even its first row fits"), "{}", error_message(&refused));
    deployed.load_balancer.stop().await;
}

#[tokio::test]
async fn an_error_after_the_first_rows_is_a_500_in_the_envelope() {
    let deployed = Deployed::over(TestDb::with_contract_data().await).await;
    // observations are not needed for the keys of a page, but for its rows
    deployed.execute("ALTER TABLE observation RENAME TO gone").await;

    for encoding in ["identity", "gzip"] {
        let answer = deployed.get(ANSWERS, "text/csv", encoding).await;

        assert_eq!(
            (answer.status().as_u16(), header(&answer, "content-type")),
            (500, "application/json"),
            "{encoding}"
        );
        assert_eq!((header(&answer, "content-disposition"), header(&answer, "content-encoding")), ("", ""));
        assert!(!header(&answer, "x-request-id").is_empty() && !error_message(&answer).is_empty());
    }
    deployed.load_balancer.stop().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_a_500_in_the_envelope() {
    let deployed = Deployed::over(TestDb::with_contract_data().await).await;
    // as a newer release might do
    deployed.execute("ALTER TABLE analytics ALTER to_submit_secs TYPE text").await;

    let answer = deployed.get(ANSWERS, "application/json", "identity").await;

    assert_eq!(answer.status(), 500);
    assert!(!error_message(&answer).is_empty());
    deployed.load_balancer.stop().await;
}
