//! Upload of assignments, compared with COPY of its rows.

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
use crate::study::{READERS, Study};
use crate::{Bench, Failure};

const COLUMNS: [&str; 5] = ["rows", "patients", "file, MB", "upload, ms", "COPY, ms"];
const FORM: &str = "multipart/form-data; boundary=bench-boundary";

/// Durations of an upload and of COPY of its rows.
struct Taken {
    upload: Duration,
    copy: Duration,
}

/// Runs on each study. This benchmark is the last one, because it replaces their assignments.
pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let mut section = Section::new("Upload of assignments, compared with COPY of its rows", &COLUMNS);
    let (form, rows) = (form(bench.pace.rows), count(bench.pace.rows.into()));
    let mut all = Vec::new();
    for study in &bench.studies {
        let taken = taken(bench, study, &form).await?;
        let patients = count(study.patients.into());
        let file = megabytes(form.len() as u64);
        section.rows.push(vec![rows.clone(), patients, file, words(taken.upload), words(taken.copy)]);
        all.push((study, taken));
    }
    if let [(_, first), ..] = all.as_slice() {
        let what = format!("upload of {rows} rows");
        section.verdicts.push(verdict(what, first.upload, first.copy, 3.0));
    }
    if let [(_, first), .., (largest, last)] = all.as_slice() {
        let what = format!("upload of {rows} rows, {} patients", count(largest.patients.into()));
        section.verdicts.push(verdict(what, last.upload, first.upload, 1.2));
    }
    Ok(section)
}

fn words(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

fn verdict(what: String, time: Duration, limit: Duration, most: f64) -> Verdict {
    Verdict::new(what, words(time), words(limit), ratio(time, limit), Reach::AtMost(most))
}

async fn taken(bench: &Bench, study: &Study, form: &str) -> Result<Taken, Failure> {
    let server = serve(bench, study).await?;
    let mut connection = study.database.connect().await?;
    let (mut uploads, mut copies) = (Vec::new(), Vec::new());
    for _ in 0..bench.pace.rounds {
        empty(&mut connection).await?;
        uploads.push(upload(&server, form).await?);
        let rows = stored(&mut connection).await?;
        empty(&mut connection).await?;
        let started = Instant::now();
        let mut copy = connection.copy_in_raw("COPY display_config FROM STDIN (FORMAT binary)").await?;
        copy.send(rows).await?;
        copy.finish().await?;
        copies.push(started.elapsed());
    }
    server.stop().await?;
    Ok(Taken { upload: median(uploads).unwrap_or_default(), copy: median(copies).unwrap_or_default() })
}

/// Measures the upload of a form.
async fn upload(server: &ServerProcess, form: &str) -> Result<Duration, Failure> {
    let headers = [(HeaderName::from_static("x-api-key"), API_KEY), (CONTENT_TYPE, FORM)];
    let request = HttpRequest::new(&Method::POST, "/admin/config/upload", &headers, form);
    let mut client = HttpClient::connect(server.port).await?;
    let started = Instant::now();
    client.ask(&request).await?;
    Ok(started.elapsed())
}

/// Empties the table, so that neither has rows to remove.
async fn empty(connection: &mut PgConnection) -> Result<(), Failure> {
    connection.execute("TRUNCATE display_config CASCADE").await?;
    Ok(())
}

/// Returns the uploaded rows in the format of COPY.
async fn stored(connection: &mut PgConnection) -> Result<Vec<u8>, Failure> {
    let chunks = connection.copy_out_raw("COPY display_config TO STDOUT (FORMAT binary)").await?;
    Ok(chunks.try_collect::<Vec<_>>().await?.concat())
}

/// Returns a form with a row for each assignment.
fn form(rows: u32) -> String {
    let mut form = String::from(
        "--bench-boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"assignments.csv\"\r\n\
         Content-Type: text/csv\r\n\r\nUser,Case No.,Path,Collapse,Highlight,Top\n",
    );
    for n in 0..rows {
        let (participant, case) = (1 + n % READERS.0, 1 + n / READERS.0);
        // writing to a String cannot fail
        let _ = writeln!(
            form,
            "p{participant}@bench.test,{case},BACKGROUND.Family History.Relative {}: Yes,FALSE,TRUE,",
            1 + n % 4
        );
    }
    form + "\r\n--bench-boundary--\r\n"
}
