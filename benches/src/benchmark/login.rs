//! Logins, compared with scrypt alone: with as many threads as cores, and in the fastest available implementation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::process::Command;
use tokio::task::spawn_blocking;

use super::serve;
use crate::arguments::Pace;
use crate::http_client::HttpRequest;
use crate::load::Requests;
use crate::machine::cores;
use crate::measured::{Measured, median};
use crate::report::{Reach, Section, Verdict, microseconds, milliseconds};
use crate::study::READERS;
use crate::{Bench, Failure, load, process};

const PASSWORD: &str = "Bench-pass-1";
/// Enough clients that no core is ever idle.
const CLIENTS_PER_CORE: usize = 4;

const COLUMNS: [&str; 4] = ["", "passwords/s", "CPU of the server, µs", "p99, ms"];

pub async fn run(bench: &Bench) -> Result<Section, Failure> {
    let study = bench.study()?;
    let server = serve(bench, study).await?;
    // hashing is slow, so a figure takes a longer window
    let pace = Pace { window: bench.pace.window * 2, ..bench.pace };
    let own = std::process::id();
    let (database_cpu, server_cpu, client_cpu) = (|| study.database.cpu(), || server.cpu(), || process::cpu(own));
    let (mut ours, mut crates, mut openssl) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.pace.rounds {
        let clients = cores() * CLIENTS_PER_CORE;
        ours.push(
            load::measure(server.port, clients, &logins(), &pace, &[&database_cpu, &server_cpu, &client_cpu]).await?,
        );
        crates.push(spawn_blocking(move || hashes_of_the_crate(pace.window)).await?);
        openssl.push(hashes_of_openssl(pace.window).await);
    }
    server.stop().await?;
    let ours = Measured::median(&ours);
    let crates = median(crates).unwrap_or_default();
    let mut section = Section::new("Logins, compared with scrypt alone", &COLUMNS);
    let rate = |per_second: f64| format!("{per_second:.1}");
    section.rows.push(vec!["login".into(), rate(ours.per_second), microseconds(ours.cpu[1]), milliseconds(ours.p99)]);
    section.rows.push(vec!["the crate scrypt alone".into(), rate(crates), String::new(), String::new()]);
    let mut limit = ("the crate scrypt", crates);
    match openssl.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(rounds) => {
            let openssl = median(rounds).unwrap_or_default();
            section.rows.push(vec!["OpenSSL's alone".into(), rate(openssl), String::new(), String::new()]);
            if openssl > limit.1 {
                limit = ("OpenSSL's scrypt", openssl);
            }
        }
        Err(error) => section.fail("OpenSSL's scrypt, by Python's hashlib", &error),
    }
    let (name, limit) = limit;
    let words = (format!("{:.1}/s", ours.per_second), format!("{limit:.1}/s, {name}"));
    section.verdicts.push(Verdict::new("login", words.0, words.1, ours.per_second / limit, Reach::AtLeast(0.95)));
    Ok(section)
}

fn logins() -> Requests {
    Arc::new(|client, n| {
        let participant = 1 + (client * 7 + n) % READERS.0 as usize;
        let body = json!({"email": format!("p{participant}@bench.test"), "password": PASSWORD}).to_string();
        HttpRequest::new(&Method::POST, "/api/auth/login", &[(CONTENT_TYPE, "application/json")], &body)
    })
}

/// Measures passwords per second of our crate.
fn hashes_of_the_crate(time: Duration) -> f64 {
    let started = Instant::now();
    let hash_until_the_end = || {
        let mut hashes = 0_u32;
        while started.elapsed() < time {
            hash();
            hashes += 1;
        }
        f64::from(hashes) / started.elapsed().as_secs_f64()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores()).map(|_| scope.spawn(hash_until_the_end)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
    })
}

/// Hashes with the parameters of contract section 2.
fn hash() -> [u8; 128] {
    let mut digest = [0; 128];
    let params = scrypt::Params::new(14, 8, 1).expect("N = 2^14, r = 8, p = 1 are valid parameters of scrypt");
    scrypt::scrypt(PASSWORD.as_bytes(), b"UW1WdVkyaENaVzVqYUVKbGJtTm9JUT09", &params, &mut digest)
        .expect("128 bytes are a valid length");
    std::hint::black_box(digest)
}

/// Measures passwords per second of Python's hashlib, which uses OpenSSL: our crates cannot call it without `unsafe` or a second OpenSSL.
async fn hashes_of_openssl(time: Duration) -> Result<f64, Failure> {
    let mut python = Command::new("python3");
    python.args(["-c", include_str!("scrypt.py"), &cores().to_string(), &time.as_secs_f64().to_string()]);
    let output = python.kill_on_drop(true).output().await?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}
