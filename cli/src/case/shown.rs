//! `case shown`: shows the page of an answer, exactly as it was sent.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::db::Database;

use super::tree;
use crate::exposures::Page;
use crate::failure::Failure;
use crate::report::Report;

/// A page, and when it was shown.
#[derive(Serialize)]
pub struct ShownPage {
    answer_id: i32,
    answered_at: Option<String>,
    config_id: String,
    first_shown_at: DateTime<Utc>,
    last_shown_at: DateTime<Utc>,
    page_sha256: String,
    code_version: String,
    /// Whether the participant's browser reported that the AI score was shown.
    ai_score_shown: bool,
    /// `data` of the response that the browser received.
    page: Value,
}

/// Loads the page of an answer.
pub async fn find(answer_id: i32, db: &Database) -> Result<ShownPage, Failure> {
    let row = sqlx::query!(
        r#"SELECT answer.created_timestamp::text AS answered_at, ai_score_shown, exposure.task_id AS "config_id?",
                  first_shown_at AS "first_shown_at?", last_shown_at AS "last_shown_at?", code_version AS "code_version?",
                  encode(sha256, 'hex') AS page_sha256, content AS "content?"
           FROM answer
           LEFT JOIN exposure ON exposure.id = exposure_id
           LEFT JOIN shown_page USING (sha256)
           WHERE answer.id = $1"#,
        answer_id
    )
    .fetch_optional(db)
    .await?
    .ok_or_else(|| {
        Failure::new(format!("there is no answer {answer_id}")).with_remedy("augmed export answers, column answer_id")
    })?;
    let page = (|| {
        Some(ShownPage {
            answer_id,
            answered_at: row.answered_at,
            config_id: row.config_id?,
            first_shown_at: row.first_shown_at?,
            last_shown_at: row.last_shown_at?,
            page_sha256: row.page_sha256?,
            code_version: row.code_version?,
            ai_score_shown: row.ai_score_shown,
            page: Page::read(&row.content?).into_json(),
        })
    })();
    page.ok_or_else(|| {
        Failure::new(format!("no page is on record for answer {answer_id}"))
            .with_remedy("pages are recorded since migration 20260118000000, and only if this service sent them")
    })
}

impl Report for ShownPage {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        writeln!(out, "Answer {}, assignment {}", self.answer_id, self.config_id)?;
        writeln!(
            out,
            "shown from {} to {}, answered {} UTC",
            time(self.first_shown_at),
            time(self.last_shown_at),
            self.answered_at.as_deref().unwrap_or("at an unknown time,")
        )?;
        writeln!(out, "made by {}, SHA-256 {}\n", self.code_version, self.page_sha256)?;
        write!(out, "{}", tree::of(&self.page))
    }
}
