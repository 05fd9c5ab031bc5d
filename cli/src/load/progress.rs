//! Shows the progress of a load on a terminal.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// Progress over all files, measured in bytes read.
pub struct Progress {
    pub bar: ProgressBar,
    table_started: Instant,
}

impl Progress {
    /// Creates the bar for this many bytes.
    pub fn of(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {bar:24} {percent:>3} %  {msg}, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, table_started: Instant::now() }
    }

    /// Starts the next file.
    pub fn start(&mut self, table: &str) {
        self.table_started = Instant::now();
        self.bar.set_message(table.to_owned());
    }

    /// Shows how many rows were sent to the database.
    pub fn rows(&self, table: &str, rows: u64) {
        let seconds = self.table_started.elapsed().as_secs().max(1);
        let (count, rate) = (HumanCount(rows), HumanCount(rows / seconds));
        self.bar.set_message(format!("{table}: {count} rows, {rate} a second"));
    }

    /// Shows that all rows were sent, and the database is checking foreign keys.
    pub fn checking(&self, table: &str, rows: u64) {
        self.bar.set_message(format!("{table}: checking {} rows", HumanCount(rows)));
    }

    /// Shows that the rows are being merged with existing ones.
    pub fn merging(&self, table: &str) {
        self.bar.set_message(format!("{table}: adding to the rows that are there"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
