//! Tells the person at the terminal what takes so long.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// What takes less needs no words.
const SLOW: Duration = Duration::from_secs(1);

/// Does `work`; once that has taken a second, a spinner with `message` shows that it goes on, or one line where there
/// is no terminal.
pub(crate) fn when_slow<T>(message: &str, work: impl FnOnce() -> T) -> T {
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
                let spinner = spinner(message);
                let _ = waiting.recv();
                spinner.finish_and_clear();
            }
        });
        let result = work();
        drop(done);
        result
    })
}

fn spinner(message: &str) -> ProgressBar {
    if !stderr().is_terminal() {
        eprintln!("{message} …");
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg} {elapsed}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style).with_message(message.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}
