//! Containers that migrate at startup (`MIGRATE_ON_START`).

use std::net::Ipv4Addr;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use tests::db::TestDb;
use tests::free_port::free_port;
use tests::process::Process;
use tests::{app, deployed};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::catalog::Catalog;
use crate::support::{execute, old_system, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_concurrent_containers_migrate_once_and_both_serve() {
    let db = TestDb::empty().await;

    let mut containers = [Container::start(&db), Container::start(&db)];

    for container in &mut containers {
        container.serves().await;
    }
    Catalog::of(&db).await.assert_is(&Catalog::current());
    let [first, second] = containers.map(Container::stop);
    let said = [first.await, second.await];
    assert_eq!(said.iter().filter(|log| log.contains("migrations applied")).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|log| log.contains("nothing was left to do")).count(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_cannot_migrate_exits_with_the_reason() {
    let db = old_system().await;
    execute(&db, "DROP TABLE note_nlp").await;

    let (status, log) = Container::start(&db).ends().await;

    assert_eq!(status.code(), Some(1));
    assert!(log.contains("table note_nlp is missing"), "{log}");
    assert!(!log.contains("serving"), "{log}");
}

struct Container {
    process: Process,
    said: Arc<Mutex<Vec<String>>>,
    port: u16,
}

impl Container {
    fn start(db: &TestDb) -> Self {
        let port = free_port();
        let mut command = Command::new(deployed::binary("augmed-server"));
        command.env_clear().envs(app::environment(&db.url())).env("PORT", port.to_string());
        command.env("MIGRATE_ON_START", "true");
        let said = Arc::<Mutex<Vec<String>>>::default();
        let lines = said.clone();
        Self { process: Process::start(command, move |line| lines.lock().unwrap().push(line)), said, port }
    }

    async fn serves(&mut self) {
        let port = self.port;
        until(async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()).await;
    }

    /// Stops it, and returns its output.
    async fn stop(mut self) -> String {
        self.process.start_kill().unwrap();
        self.ends().await.1
    }

    /// Waits until it exits, and returns status and output.
    async fn ends(mut self) -> (ExitStatus, String) {
        let status = self.process.wait().await.unwrap();
        drop(self.process);
        let said = self.said.lock().unwrap().join("\n");
        (status, said)
    }
}
