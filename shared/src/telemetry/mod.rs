//! Logs: one JSON object a line, on standard output. `RUST_LOG` chooses what is written (default `info`). And spans, for those who collect
//! them ([`spans`]).

mod spans;
mod statements;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer as _, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

pub use spans::end;
pub(crate) use spans::{WORK, describe_answer, describe_request, flush, waiting_for};
use statements::CountStatements;
pub(crate) use statements::{DatabaseUse, REQUEST};

/// The target of the span of a request.
const REQUEST_LOG: &str = "shared::http::request_log";

/// Starts logging, and exporting spans where the environment asks for them; a second call changes nothing. A panic is logged with its place
/// and without its text, which may quote a value.
pub fn start() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let lines = subscriber(&wanted, std::io::stdout);
    let (is_started, problem) = if spans::are_wanted() {
        match spans::exported(lines) {
            Ok(exported) => (exported.try_init().is_ok(), None),
            Err(problem) => (subscriber(&wanted, std::io::stdout).try_init().is_ok(), Some(problem)),
        }
    } else {
        (lines.try_init().is_ok(), None)
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

/// Writes log lines as [`start`] does, to another place. `wanted` is what `RUST_LOG` may be: `debug`, or `warn,shared=debug`; `info`
/// where it cannot be read.
pub fn subscriber<W>(wanted: &str, writer: W) -> impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter: Option<Targets> = wanted.parse().ok().filter(|_| !wanted.is_empty());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    // a statement is counted and not written, and the span of a line is the request
    let filter = filter.with_target(statements::TARGET, LevelFilter::OFF).with_target(WORK, LevelFilter::OFF);
    let lines = lines.with_writer(writer).with_filter(filter);
    tracing_subscriber::registry().with(lines).with(CountStatements.with_filter(CountStatements::filter()))
}
