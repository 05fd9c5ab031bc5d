//! The migration function as template.yaml deploys it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use local::lambda::{Function, InvokeError, ProcessGroup, Settings};
use local::template::Template;
use migrate::migrations;
use serde_json::{Value, json};
use tests::db::TestDb;
use tests::{app, deployed, secrets};

use crate::catalog::Catalog;
use crate::cloudformation::Stack;
use crate::support::{execute, old_system, until};

/// Simulates a migration by a newer release.
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                     VALUES (99990101000000, 'of a newer release', true, '\\x00', 0)";

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_event_applies_pending_migrations() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let scheduled = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});

    let first = function.invoke(&scheduled).await.unwrap();
    let second = function.invoke(&scheduled).await.unwrap();

    assert_eq!(first["applied_now"].as_array().unwrap().len(), migrations::up().count());
    assert_eq!(second["message"], "nothing was left to do");
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_fails_a_manual_up_but_not_a_scheduled_run() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let scheduled = json!({"version": "0", "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    function.invoke(&scheduled).await.unwrap();
    execute(&db, NEWER).await;

    let nightly = function.invoke(&scheduled).await.unwrap();
    let by_hand = function.invoke(&json!({"action": "up"})).await;

    assert!(nightly["message"].as_str().unwrap().contains("newer than this program"), "{nightly}");
    assert_eq!(by_hand, Err(InvokeError::Failed("MigrationError".to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_lists_findings_and_changes() {
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
async fn a_refusal_is_a_failed_invocation_with_the_reason() {
    let db = old_system().await;
    execute(&db, "DROP TABLE note_nlp").await;
    let function = Migrate::deployed(&db.url());

    function.invoke(&json!({})).await.unwrap_err();
    function.invoke(&json!({"action": "down"})).await.unwrap_err();

    function.said("table note_nlp is missing").await;
    function.said("down needs a target").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_database_fails_without_revealing_the_password() {
    let function = Migrate::deployed("postgresql://augmed:hunter2@127.0.0.1:1/augmed");

    let error = function.invoke(&json!({"action": "status"})).await.unwrap_err();

    assert_eq!(error, InvokeError::Failed("MigrationError".to_owned()));
    function.said("Connection refused").await;
    assert!(!function.log().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_gets_a_success_when_the_schema_is_migrated() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let stack = Stack::listening().await;

    function.invoke(&stack.event("Create")).await.unwrap();
    function.invoke(&stack.event("Update")).await.unwrap();
    function.invoke(&stack.event("Delete")).await.unwrap();

    let [create, update, delete] = stack.answers().try_into().unwrap();
    assert_eq!(create["Status"], "SUCCESS");
    assert!(create["Reason"].as_str().unwrap().ends_with("migrations applied"), "{create}");
    assert_eq!(create["RequestId"], "request");
    assert_eq!((&update["Status"], &update["Reason"]), (&json!("SUCCESS"), &json!("nothing was left to do")));
    assert_eq!(update["PhysicalResourceId"], create["PhysicalResourceId"]);
    assert_eq!(delete["Status"], "SUCCESS");
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_gets_the_reason_of_a_failed_migration() {
    let db = old_system().await;
    execute(&db, "DROP TABLE note_nlp").await;
    let function = Migrate::deployed(&db.url());
    let stack = Stack::listening().await;

    // a success, because Lambda must not retry the invocation
    function.invoke(&stack.event("Create")).await.unwrap();

    let [answer] = stack.answers().try_into().unwrap();
    assert_eq!(answer["Status"], "FAILED");
    assert!(answer["Reason"].as_str().unwrap().contains("table note_nlp is missing"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_gets_the_reason_without_the_password_if_the_database_is_unreachable() {
    let function = Migrate::deployed("postgresql://augmed:hunter2@127.0.0.1:1/augmed");
    let stack = Stack::listening().await;

    function.invoke(&stack.event("Update")).await.unwrap();

    let [answer] = stack.answers().try_into().unwrap();
    assert_eq!(answer["Status"], "FAILED");
    assert!(!answer.to_string().contains("hunter2"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_can_go_back_to_an_older_release() {
    let db = TestDb::new().await;
    execute(&db, NEWER).await;
    let function = Migrate::deployed(&db.url());
    let stack = Stack::listening().await;

    function.invoke(&stack.event("Update")).await.unwrap();

    let [answer] = stack.answers().try_into().unwrap();
    assert_eq!(answer["Status"], "SUCCESS");
    assert!(answer["Reason"].as_str().unwrap().contains("99990101000000"), "{answer}");
    function.invoke(&json!({"action": "up"})).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_delivered_although_cloudformation_fails_twice_and_is_slow() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let stack = Stack::failing_twice_then_slow().await;

    function.invoke(&stack.event("Delete")).await.unwrap();

    assert_eq!(stack.answers().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undeliverable_response_is_a_failed_invocation_without_the_url() {
    let db = TestDb::empty().await;
    let function = Migrate::deployed(&db.url());
    let mut event = Stack::listening().await.event("Delete");
    event["ResponseURL"] = json!("http://127.0.0.1:1/answer?signature=hunter2");

    let error = function.invoke(&event).await.unwrap_err();

    assert_eq!(error, InvokeError::Failed("MigrationError".to_owned()));
    function.said("CloudFormation did not accept the answer").await;
    function.said("Connection refused").await;
    assert!(!function.log().contains("hunter2"));
}

/// The migration function with its log.
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
            environment: app::environment(database_url)
                .into_iter()
                // these databases have only one role, the owner
                .chain([("DATABASE_OWNER_URL".to_owned(), String::new())])
                .collect(),
            log: Arc::new(move |_, line| {
                secrets::look_at(line);
                lines.lock().unwrap().push(line.to_owned());
            }),
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

    /// Waits until the log contains `text`.
    async fn said(&self, text: &str) {
        until(async || self.log().contains(text)).await;
    }
}
