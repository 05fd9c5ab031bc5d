//! How far a load is: on a terminal, and nowhere else.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// Of all files; it moves by the bytes that are read.
pub struct Progress {
    pub bar: ProgressBar,
    table_started: Instant,
}

impl Progress {
    /// For this many bytes.
    pub fn of(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:24} {percent:>3} %  {msg}, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, table_started: Instant::now() }
    }

    /// The next file.
    pub fn start(&mut self, table: &str) {
        self.table_started = Instant::now();
        self.bar.set_message(table.to_owned());
    }

    /// So many rows of it went to the database.
    pub fn rows(&self, table: &str, rows: u64) {
        let seconds = self.table_started.elapsed().as_secs().max(1);
        let (count, rate) = (HumanCount(rows), HumanCount(rows / seconds));
        self.bar.set_message(format!("{table}: {count} rows, {rate} a second"));
    }

    /// All of them did; the database looks up what they refer to.
    pub fn checking(&self, table: &str, rows: u64) {
        self.bar.set_message(format!("{table}: checking {} rows", HumanCount(rows)));
    }

    /// They are put among those that were there.
    pub fn merging(&self, table: &str) {
        self.bar.set_message(format!("{table}: adding to the rows that are there"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
