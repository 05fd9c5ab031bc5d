//! Shows progress of slow work on a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Faster work shows nothing.
const SLOW: Duration = Duration::from_secs(1);

/// Awaits `work`. After one second a spinner beside `what` is shown on a terminal.
pub async fn spin<T>(what: &'static str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    if let Ok(done) = tokio::time::timeout(SLOW, &mut work).await {
        return done;
    }
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.set_message(what);
    spinner.enable_steady_tick(Duration::from_millis(100));
    let done = work.await;
    spinner.finish_and_clear();
    done
}

/// A progress bar for a number of steps, shown on a terminal after one second.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    started: Instant,
    is_shown: bool,
}

impl Bar {
    /// Starts `what`.
    pub fn new(what: &'static str, steps: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden()).with_prefix(what);
        let template = "{prefix} [{bar:30}] {human_pos}/{human_len}, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), is_shown: false }
    }

    /// Completes a step.
    pub fn step(&mut self) {
        self.bar.inc(1);
        if !self.is_shown && self.started.elapsed() > SLOW {
            self.is_shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
