//! Shows on the terminal which work is taking long.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Faster work shows nothing.
const SLOW: Duration = Duration::from_secs(1);

/// Runs `work`. After one second it shows a spinner with `what`, or a line of text without a terminal.
pub(crate) fn when_slow<T>(what: &str, work: impl FnOnce() -> T) -> T {
    show_when_slow("{spinner} {prefix} {elapsed}", what, |_| work())
}

/// Runs `work`, which knows its progress and updates the bar. The bar appears after one second.
pub(crate) fn with_bar_when_slow<T>(what: &str, work: impl FnOnce(&ProgressBar) -> T) -> T {
    show_when_slow("{prefix} [{bar:30}] {pos}/{len} {wide_msg}", what, work)
}

fn show_when_slow<T>(template: &str, what: &str, work: impl FnOnce(&ProgressBar) -> T) -> T {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let bar = bar.with_style(style).with_prefix(what.to_owned());
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        let shown = &bar;
        scope.spawn(move || {
            if waiting.recv_timeout(SLOW) == Err(RecvTimeoutError::Timeout) {
                show(shown, what);
                let _ = waiting.recv();
                shown.finish_and_clear();
            }
        });
        let result = work(&bar);
        drop(done);
        result
    })
}

fn show(bar: &ProgressBar, what: &str) {
    if stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(Duration::from_millis(100));
    } else {
        eprintln!("{what} …");
    }
}
