//! The migration function, as the template deploys it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use local::lambda::{Function, InvokeError, ProcessGroup, Settings};
use local::template::Template;
use migrate::migrations;
use serde_json::{Value, json};
use tests::db::TestDb;
use tests::{app, deployed};

use crate::catalog::Catalog;
use crate::support::{execute, old_system, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_event_applies_what_is_pending() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let scheduled = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});

    let first = function.invoke(&scheduled).await.unwrap();
    let second = function.invoke(&scheduled).await.unwrap();

    assert_eq!(first["applied_now"].as_array().unwrap().len(), migrations::up().count());
    assert_eq!(second["message"], "nothing was left to do");
    Catalog::of(&db).await.assert_is(&Catalog::of_today());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_what_was_found_and_done() {
    let db = old_system().await;
    let function = Migrate::deployed(&db.url());

    let report = function.invoke(&json!({"action": "up", "target": 20_260_102_000_000_i64})).await.unwrap();

    assert_eq!(
        (&report["action"], &report["state"], &report["adopted"]),
        (&json!("up"), &json!("old_system"), &json!(true))
    );
    assert_eq!(report["applied_now"][0]["version"], 20_260_102_000_000_i64);
    assert!(report["applied_now"][0]["milliseconds"].is_number());
    assert_eq!(report["pending"].as_array().unwrap().len(), migrations::up().count() - 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_failed_invocation_that_says_why() {
    let db = old_system().await;
    execute(&db, "DROP TABLE note_nlp").await;
    let function = Migrate::deployed(&db.url());

    function.invoke(&json!({})).await.unwrap_err();
    function.invoke(&json!({"action": "down"})).await.unwrap_err();

    function.said("table note_nlp is missing").await;
    function.said("down needs a target").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_fails_without_a_word_of_the_password() {
    let function = Migrate::deployed("postgresql://augmed:hunter2@127.0.0.1:1/augmed");

    let error = function.invoke(&json!({"action": "status"})).await.unwrap_err();

    assert_eq!(error, InvokeError::Failed("MigrationError".to_owned()));
    function.said("Connection refused").await;
    assert!(!function.log().contains("hunter2"));
}

/// The function with its log.
struct Migrate {
    function: Function,
    log: Arc<Mutex<Vec<String>>>,
}

impl Migrate {
    fn deployed(database_url: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("template.yaml");
        let template = Template::read(&path, &BTreeMap::new()).unwrap();
        let migrate = template.functions.into_iter().find(|function| function.binary == "migrate").unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let settings = Settings {
            environment: app::environment(database_url).into_iter().collect(),
            log: Arc::new(move |_, line| lines.lock().unwrap().push(line.to_owned())),
            ..Settings::default()
        };
        let group = Arc::new(ProcessGroup::new().unwrap());
        Self { function: Function::new(migrate, deployed::binary("migrate"), settings, group), log }
    }

    async fn invoke(&self, event: &Value) -> Result<Value, InvokeError> {
        let answer = self.function.invoke(event.to_string().into()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// Waits until the log holds `text`.
    async fn said(&self, text: &str) {
        until(async || self.log().contains(text)).await;
    }
}
