//! Logs: one JSON object per line on standard output, filtered by `RUST_LOG` (default `info`). Optionally exports spans
//! ([`spans`]).

mod spans;
mod statements;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

pub use spans::shutdown;
pub(crate) use spans::{WORK, describe_answer, describe_request, flush, waiting_for};
use statements::CountStatements;
pub(crate) use statements::{DatabaseUse, REQUEST};

/// Starts logging, and the export of spans if the environment configures it. A second call has no effect. Panics are
/// logged with their location but without their message, which may quote a value.
pub fn start() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let lines = || subscriber(&wanted, std::io::stdout);
    let (is_started, problem) = match spans::is_enabled().then(|| spans::exported(lines())) {
        Some(Ok(exported)) => (exported.try_init().is_ok(), None),
        Some(Err(problem)) => (lines().try_init().is_ok(), Some(problem)),
        None => (lines().try_init().is_ok(), None),
    };
    if let Some(problem) = problem {
        tracing::error!(problem, "spans are not exported: correct OTEL_EXPORTER_OTLP_ENDPOINT");
    }
    if is_started {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            tracing::error!(place, "panic");
        }));
    }
}

/// Returns a subscriber that writes log lines like [`start`], to `writer`. `wanted` has the syntax of `RUST_LOG`:
/// `debug`, or `warn,shared=debug`; an invalid or empty one means `info`.
pub fn subscriber<W>(wanted: &str, writer: W) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Option<Targets> = wanted.parse().ok().filter(|_| !wanted.is_empty());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // statements are counted but not logged, and each line shows the span of its request
    let filter = filter.with_target(statements::TARGET, LevelFilter::OFF).with_target(WORK, LevelFilter::OFF);
    let lines = lines.with_writer(writer).with_filter(filter);
    tracing_subscriber::registry().with(lines).with(CountStatements.with_filter(CountStatements::filter()))
}
