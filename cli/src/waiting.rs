//! Tells the person at the terminal what takes so long.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less needs no words.
const SLOW: Duration = Duration::from_secs(1);

/// Waits for `work`; once that has taken a second, a spinner beside `what` shows on a terminal that it goes on.
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

/// A bar for work of so many steps, on a terminal once it has taken a second.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    started: Instant,
    is_shown: bool,
}

impl Bar {
    /// Begins `what`.
    pub fn new(what: &'static str, steps: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::hidden()).with_prefix(what);
        let template = "{prefix} [{bar:30}] {human_pos}/{human_len}, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), is_shown: false }
    }

    /// A step is done.
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
