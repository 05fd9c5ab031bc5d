//! The audit trail as a hash chain: a line for each entry, with the SHA-256 of the previous hash and of the entry as written in the line.
//! The first line uses 64 zeros as the previous hash.

use std::io::{BufRead, Write as _};

use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use shared::time::StoredTime;
use sqlx::types::Json;

use super::manifest::{Chain, sha256};
use super::writer::Writer;
use crate::failure::Failure;

/// Name of the file.
pub const FILE: &str = "audit-trail.jsonl";

/// The resource of an entry about sealing. The sealed trail leaves these entries out, because sealing does not change the study.
pub const SEALING: &str = "study-seal";

/// A row of `audit_entry`.
#[derive(Serialize)]
struct Entry {
    id: i64,
    created_at: Option<String>,
    actor: String,
    account_id: Option<i32>,
    action: String,
    resources: Vec<String>,
    details: Json<Box<RawValue>>,
    request_id: String,
}

/// A line of the file.
#[derive(Deserialize, Serialize)]
struct Line<'a> {
    hash: String,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// Writes the trail without the entries of sealing.
pub async fn write(writer: &mut Writer<'_>) -> Result<(), Failure> {
    let (path, mut file) = writer.create(FILE)?;
    let (mut chain, sealing) = (Chain::default(), [SEALING.to_owned()]);
    {
        let mut rows = sqlx::query!(
            r#"SELECT id, created_at AS "created_at: StoredTime", actor, account_id, action, resources,
                      details AS "details: Json<Box<RawValue>>", request_id
               FROM audit_entry
               WHERE NOT (action = 'data.export' AND resources = $1)
               ORDER BY id"#,
            &sealing[..]
        )
        .fetch(writer.snapshot());
        while let Some(row) = rows.try_next().await? {
            let entry = Entry {
                id: row.id,
                created_at: row.created_at.text_in_utc(),
                actor: row.actor,
                account_id: row.account_id,
                action: row.action,
                resources: row.resources,
                details: row.details,
                request_id: row.request_id,
            };
            let entry = to_raw_value(&entry).map_err(std::io::Error::from)?;
            chain.add(&entry);
            let line = Line { hash: chain.last.clone(), entry: &entry };
            serde_json::to_writer(&mut file, &line).map_err(std::io::Error::from)?;
            file.write_all(b"\n")?;
        }
    }
    file.keep()?;
    writer.add(&path, chain.entries)?;
    writer.end_audit_trail(chain);
    Ok(())
}

impl Chain {
    fn add(&mut self, entry: &RawValue) {
        let before = if self.entries == 0 { "0".repeat(64) } else { std::mem::take(&mut self.last) };
        self.last = sha256(before + entry.get());
        self.entries += 1;
    }
}

/// Reads the trail to its end, or returns the first line (from 1) that does not continue the chain.
pub fn check(file: impl BufRead) -> Result<Chain, u64> {
    let mut chain = Chain::default();
    for line in file.lines() {
        let place = chain.entries + 1;
        let line = line.map_err(|_| place)?;
        let Line { hash, entry } = serde_json::from_str(&line).map_err(|_| place)?;
        chain.add(entry);
        if chain.last != hash {
            return Err(place);
        }
    }
    Ok(chain)
}
