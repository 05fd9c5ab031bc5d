//! Logs: one JSON object a line, on standard output. `RUST_LOG` chooses what is written (default `info`).

mod statements;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use statements::CountStatements;
pub(crate) use statements::{DatabaseUse, REQUEST};

/// Starts logging; a second call changes nothing. A panic is logged with its place and without its text, which may
/// quote a value.
pub fn start() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    if subscriber(&wanted, std::io::stdout).try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "panic");
        }));
    }
}

/// Writes log lines as [`start`] does, to another place. `wanted` is what `RUST_LOG` may be: `debug`, or `warn,shared=debug`; `info`
/// where it cannot be read.
pub fn subscriber<W>(wanted: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Option<Targets> = wanted.parse().ok().filter(|_| !wanted.is_empty());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // a statement is counted and not written
    let lines = lines.with_writer(writer).with_filter(filter.with_target(statements::TARGET, LevelFilter::OFF));
    tracing_subscriber::registry().with(lines).with(CountStatements.with_filter(CountStatements::filter()))
}
