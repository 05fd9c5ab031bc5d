use std::io::{self, PipeReader};

use aws_sdk_ssm::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tracing::subscriber::{DefaultGuard, set_default};

use super::super::parameters::Parameters;
use super::super::store;
use super::*;
use crate::config::Environment;
use crate::telemetry;

const HOUR: Duration = Duration::from_hours(1);

/// A Parameter Store that refuses every call, and reports each as `refresh`.
#[derive(Clone, Debug)]
struct Refusing(UnboundedSender<&'static str>);

impl HttpClient for Refusing {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Refusing {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.0.send("refresh").unwrap();
        let refused = StatusCode::try_from(400).unwrap();
        let body = r#"{"__type": "AccessDeniedException"}"#;
        HttpConnectorFuture::ready(Ok(HttpResponse::new(refused, body.into())))
    }
}

/// Returns a refresher whose secrets were fetched so many hours ago, and which reports to `calls`.
fn refresher(calls: &UnboundedSender<&'static str>, hours: i64, refresh_after: Duration) -> Refresher {
    let source = Source {
        environment: Environment::default(),
        parameters: Parameters::from([("JWT_SECRET_KEY", "/jwt".to_owned())]),
        store: store::tests::client(Refusing(calls.clone()), "rotation".to_owned()),
    };
    let fetched_at = now().timestamp_millis() - hours * 3_600_000;
    Refresher {
        source,
        refresh_after,
        secrets: Vec::new(),
        address: PgConnectOptions::new_without_pgpass().into(),
        database_url: ArcSwap::from_pointee("".into()),
        refreshes: SingleFlight::new(Duration::ZERO, 1),
        when_too_soon: WhenTooSoon::Wait,
        fetched_at: fetched_at.into(),
        attempted_at: fetched_at.into(),
        is_failing: false.into(),
    }
}

/// Captures the log of this thread. Every test here does: a line that is first reached on a thread without a subscriber may
/// stay disabled on all threads.
fn captured_log() -> (PipeReader, DefaultGuard) {
    let (log, writer) = io::pipe().unwrap();
    (log, set_default(telemetry::subscriber("error", Arc::new(writer))))
}

fn rotation(refresher: Refresher) -> Rotation {
    Rotation(Some(Arc::new(refresher)))
}

#[tokio::test]
async fn a_server_fetches_its_secrets_again_and_again() {
    let _log = captured_log();
    let (calls, mut called) = unbounded_channel();
    let server = rotation(refresher(&calls, 0, Duration::from_millis(1)));

    tokio::select! {
        () = server.keep_fresh() => panic!("it ended"),
        () = async { for _ in 0..2 { called.recv().await.unwrap(); } } => {}
    }
}

#[tokio::test]
async fn work_waits_only_for_secrets_that_are_too_old_unless_ssm_is_down() {
    let _log = captured_log();
    for (hours, is_failing, expected) in [
        (0, false, vec!["work"]),
        (1, false, vec!["work", "refresh"]),
        (2, false, vec!["refresh", "work"]),
        (2, true, vec!["work", "refresh"]),
    ] {
        let (events, mut happened) = unbounded_channel();
        let refresher = Refresher { is_failing: is_failing.into(), ..refresher(&events, hours, HOUR) };

        rotation(refresher).freshen(async { events.send("work").unwrap() }).await;

        let happened: Vec<_> = std::iter::from_fn(|| happened.try_recv().ok()).collect();
        assert_eq!(happened, expected, "{hours} hours, failing: {is_failing}");
    }
}

#[tokio::test]
async fn an_outage_of_ssm_is_logged_once() {
    let (log, until_dropped) = captured_log();
    let (calls, _called) = unbounded_channel();
    let rotation = rotation(refresher(&calls, 0, HOUR));

    for _ in 0..3 {
        rotation.refresh().await;
    }
    drop(until_dropped);

    let log = io::read_to_string(log).unwrap();
    assert_eq!(log.matches("secrets cannot be read").count(), 1, "{log}");
}
