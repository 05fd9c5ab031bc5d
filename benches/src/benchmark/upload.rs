//! Upload of assignments, beside COPY of its rows.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderName, Method};
use sqlx::{Executor as _, PgConnection};

use super::serve;
use crate::http_client::{HttpClient, HttpRequest};
use crate::measured::median;
use crate::report::{Reach, Section, Verdict, count, megabytes, ratio};
use crate::server::{API_KEY, ServerProcess};
use crate::study::READERS;
use crate::{Bench, Failure};

const COLUMNS: [&str; 4] = ["rows", "file, MB", "upload, ms", "COPY, ms"];
const FORM: &str = "multipart/form-data; boundary=bench-boundary";

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let study = bench.study()?;
    let server = serve(bench, study).await?;
    let mut connection = study.database.connect().await?;
    let body = form(bench.pace.rows);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..bench.pace.rounds {
        empty(&mut connection).await?;
        ours.push(upload(&server, &body).await?);
        let rows = stored(&mut connection).await?;
        empty(&mut connection).await?;
        let started = Instant::now();
        let mut copy = connection.copy_in_raw("COPY display_config FROM STDIN (FORMAT binary)").await?;
        copy.send(rows).await?;
        copy.finish().await?;
        limit.push(started.elapsed());
    }
    server.stop().await?;
    let (ours, limit) = (median(ours).unwrap_or_default(), median(limit).unwrap_or_default());
    let rows = count(bench.pace.rows.into());
    let mut section = Section::new("Upload of assignments, beside COPY of its rows", &COLUMNS);
    let words = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    let what = format!("upload of {rows} rows");
    section.verdicts.push(Verdict::new(what, words(ours), words(limit), ratio(ours, limit), Reach::AtMost(3.0)));
    section.rows.push(vec![rows, megabytes(body.len() as u64), words(ours), words(limit)]);
    Ok(section)
}

/// How long the upload of a form takes.
pub async fn upload(server: &ServerProcess, form: &str) -> Result<Duration, Failure> {
    let headers = [(HeaderName::from_static("x-api-key"), API_KEY), (CONTENT_TYPE, FORM)];
    let request = HttpRequest::new(&Method::POST, "/admin/config/upload", &headers, form);
    let mut client = HttpClient::connect(server.port).await?;
    let started = Instant::now();
    client.ask(&request).await?;
    Ok(started.elapsed())
}

/// Neither has rows to remove.
pub async fn empty(connection: &mut PgConnection) -> Result<(), Failure> {
    connection.execute("TRUNCATE display_config CASCADE").await?;
    Ok(())
}

/// What the upload has stored, as PostgreSQL itself writes it.
async fn stored(connection: &mut PgConnection) -> Result<Vec<u8>, Failure> {
    let chunks = connection.copy_out_raw("COPY display_config TO STDOUT (FORMAT binary)").await?;
    Ok(chunks.try_collect::<Vec<_>>().await?.concat())
}

/// A row for each assignment.
pub fn form(rows: u32) -> String {
    let mut form = String::from(
        "--bench-boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"assignments.csv\"\r\n\
         Content-Type: text/csv\r\n\r\nUser,Case No.,Path,Collapse,Highlight,Top\n",
    );
    for n in 0..rows {
        let (participant, case) = (1 + n % READERS.0, 1 + n / READERS.0);
        // a String takes any text
        let _ = writeln!(
            form,
            "p{participant}@bench.test,{case},BACKGROUND.Family History.Relative {}: Yes,FALSE,TRUE,",
            1 + n % 4
        );
    }
    form + "\r\n--bench-boundary--\r\n"
}
