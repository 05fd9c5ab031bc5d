//! Export of answers, compared with COPY of the same query.

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use http::header::{ACCEPT, HOST, LINK};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use regex_lite::Regex;
use sqlx::Executor as _;
use tokio::net::TcpStream;

use super::serve;
use crate::postgres::Database;
use crate::report::{Reach, Section, Verdict, count, megabytes, ratio};
use crate::server::{API_KEY, ServerProcess};
use crate::{Bench, Failure, process, statement};

const COLUMNS: [&str; 7] =
    ["format", "export, s", "MB", "COPY, s", "MB", "server's RSS after 10 pages, MB", "largest RSS after that, MB"];
/// Maximum rows per request.
const PAGE: u32 = 10_000;
const EARLY_PAGES: usize = 10;
/// Bytes the client reads at a time.
const BUFFER: usize = 64 * 1024;

/// Replaces the handler's page: selects all answers in the export's order.
const ALL: &str = "(SELECT id, row_number() OVER (PARTITION BY user_email ORDER BY id) AS order_id,
                           row_number() OVER (ORDER BY user_email, id) AS position FROM answer) AS page";

/// Result of an export.
struct Exported {
    time: Duration,
    bytes: u64,
    early_memory: u64,
    largest_memory: u64,
}

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let database = &bench.study()?.database;
    let mut connection = database.connect().await?;
    connection.execute(format!("SET bench.answers = {}", bench.pace.answers).as_str()).await?;
    connection.execute(sqlx::raw_sql(include_str!("export.sql"))).await?;
    connection.execute("RESET session_replication_role").await?;
    connection.execute("VACUUM (FREEZE, ANALYZE) answer, analytics").await?;
    let title = format!("Export of {} answers, compared with COPY of the same query", count(bench.pace.answers.into()));
    let mut section = Section::new(&title, &COLUMNS);
    for (format, media_type, options) in [("JSON", "application/json", ""), ("CSV", "text/csv", "(FORMAT csv, HEADER)")]
    {
        let server = serve(bench, bench.study()?).await?;
        // once before and once after, so that drift affects both
        let statement = rows_of(&server, database).await?;
        let before = copy(bench, database, &statement, options).await?;
        let ours = export(&server, media_type).await?;
        let after = copy(bench, database, &statement, options).await?;
        server.stop().await?;
        let limit = (before.0 + after.0) / 2;
        add(&mut section, format, &ours, limit, before.1);
    }
    Ok(section)
}

fn add(section: &mut Section, format: &str, ours: &Exported, limit: Duration, bytes: u64) {
    let words = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let what = format!("export as {format}");
    let speed = ratio(limit, ours.time);
    section.verdicts.push(Verdict::new(what, words(ours.time), words(limit), speed, Reach::AtLeast(0.8)));
    #[expect(clippy::cast_precision_loss, reason = "two digits are printed")]
    let growth = ours.largest_memory as f64 / ours.early_memory as f64;
    let words = |bytes| format!("{} MB", megabytes(bytes));
    let memory = (words(ours.largest_memory), words(ours.early_memory));
    let what = format!("export as {format}, memory at its end");
    section.verdicts.push(Verdict::new(what, memory.0, memory.1, growth, Reach::AtMost(1.2)));
    section.rows.push(vec![
        format.to_owned(),
        format!("{:.1}", ours.time.as_secs_f64()),
        megabytes(ours.bytes),
        format!("{:.1}", limit.as_secs_f64()),
        megabytes(bytes),
        megabytes(ours.early_memory),
        megabytes(ours.largest_memory),
    ]);
}

/// Returns the statement that reads rows, changed to read all answers.
async fn rows_of(server: &ServerProcess, database: &Database) -> Result<String, Failure> {
    page(&mut connect(server).await?, "/api/v1/export/answers?limit=10&cursor=", "text/csv").await?;
    let statement = statement::last(&mut database.connect().await?, "AS page (id, order_id, position)").await?;
    let page =
        Regex::new(r"unnest\(\$1::int\[\], \$2::bigint\[\]\) WITH ORDINALITY AS page \(id, order_id, position\)")?;
    if !page.is_match(&statement) {
        return Err("the export's statement names its page in another way".into());
    }
    Ok(page.replace(&statement, ALL).into_owned())
}

/// Reads page after page, as clients do.
async fn export(server: &ServerProcess, media_type: &'static str) -> Result<Exported, Failure> {
    let mut client = connect(server).await?;
    let mut next = Some(first_path());
    let mut exported = Exported { time: Duration::ZERO, bytes: 0, early_memory: 0, largest_memory: 0 };
    let started = Instant::now();
    for number in 1.. {
        let Some(path) = next.take() else { break };
        let (bytes, following) = page(&mut client, &path, media_type).await?;
        exported.bytes += bytes;
        next = following;
        let memory = process::memory(server.pid)?.resident;
        if number <= EARLY_PAGES {
            exported.early_memory = exported.early_memory.max(memory);
        }
        exported.largest_memory = exported.largest_memory.max(memory);
    }
    exported.time = started.elapsed();
    Ok(exported)
}

/// Measures the time of the first page.
pub async fn first_page(server: &ServerProcess) -> Result<Duration, Failure> {
    let mut client = connect(server).await?;
    let started = Instant::now();
    page(&mut client, &first_path(), "application/json").await?;
    Ok(started.elapsed())
}

fn first_path() -> String {
    format!("/api/v1/export/answers?limit={PAGE}&cursor=")
}

async fn connect(server: &ServerProcess) -> Result<SendRequest<Empty<Bytes>>, Failure> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port)).await?;
    // a growing buffer would use CPU of the core that it shares with the server
    let mut builder = Builder::new();
    let (sender, connection) = builder.read_buf_exact_size(Some(BUFFER)).handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// Reads a page; returns its size and the path of the next page.
async fn page(
    client: &mut SendRequest<Empty<Bytes>>,
    path: &str,
    media_type: &'static str,
) -> Result<(u64, Option<String>), Failure> {
    let request = Request::get(path).header(HOST, "bench.test").header(ACCEPT, media_type).header("x-api-key", API_KEY);
    client.ready().await?;
    let response = client.send_request(request.body(Empty::new())?).await?;
    if response.status() != StatusCode::OK {
        return Err(format!("{path} answers {}", response.status()).into());
    }
    let next = response.headers().get(LINK).and_then(next_page);
    let (mut body, mut bytes) = (response.into_body(), 0);
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, |data| data.len() as u64);
    }
    Ok((bytes, next))
}

/// Returns `/path` of `</path>; rel="next"` (RFC 8288).
fn next_page(link: &HeaderValue) -> Option<String> {
    let (target, _) = link.to_str().ok()?.strip_prefix('<')?.split_once('>')?;
    Some(target.to_owned())
}

/// Measures the time and size of COPY of a query.
async fn copy(bench: &Bench, database: &Database, query: &str, options: &str) -> Result<(Duration, u64), Failure> {
    let started = Instant::now();
    let mut psql = bench.cluster.program("psql")?;
    psql.args([
        "-X",
        "-q",
        "-v",
        "ON_ERROR_STOP=1",
        "-c",
        &format!("COPY ({query}) TO STDOUT {options}"),
        &database.url,
    ]);
    let mut child = psql.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut rows = child.stdout.take().ok_or("psql has no output")?;
    let bytes = tokio::io::copy(&mut rows, &mut tokio::io::sink()).await?;
    let status = child.wait().await?;
    if status.success() { Ok((started.elapsed(), bytes)) } else { Err(format!("psql: {status}").into()) }
}
