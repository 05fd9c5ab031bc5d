//! Tells the person at the terminal what takes so long.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

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
