use chrono::{DateTime, Utc};
use clap::Args;
use shared::iso8601;

#[derive(Clone, Copy, Debug, Args)]
pub struct Since {
    /// Only rows stored at or after this date or time (ISO 8601; UTC unless it has an offset).
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<DateTime<Utc>>,
}

fn time(text: &str) -> Result<DateTime<Utc>, &'static str> {
    let time = iso8601::date_time(text).and_then(|(clock, offset)| clock.and_utc().checked_sub_signed(offset));
    time.ok_or("not a date or time of ISO 8601, such as 2026-03-01 or 2026-03-01T12:00:00Z")
}
