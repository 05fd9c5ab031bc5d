//! The container that migrates when it starts (`MIGRATE_ON_START`).

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Output, Stdio};

use tests::db::TestDb;
use tests::{app, deployed, secrets};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::catalog::Catalog;
use crate::support::{execute, old_system, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_containers_that_start_at_once_migrate_once_and_both_serve() {
    let db = TestDb::empty().await;

    let mut containers = [Container::start(&db), Container::start(&db)];

    for container in &mut containers {
        container.serves().await;
    }
    Catalog::of(&db).await.assert_is(&Catalog::of_today());
    let [first, second] = containers.map(Container::stop);
    let said = [first.await, second.await].map(|output| String::from_utf8(output.stdout).unwrap());
    assert_eq!(said.iter().filter(|log| log.contains("migrations applied")).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|log| log.contains("nothing was left to do")).count(), 1, "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_cannot_migrate_does_not_serve_and_says_why() {
    let db = old_system().await;
    execute(&db, "DROP TABLE note_nlp").await;

    let output = Container::start(&db).process.wait_with_output().await.unwrap();

    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("table note_nlp is missing"), "{log}");
    assert!(!log.contains("serving"), "{log}");
}

struct Container {
    process: Child,
    port: u16,
}

impl Container {
    fn start(db: &TestDb) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let mut command = Command::new(deployed::binary("augmed-server"));
        command.env_clear().envs(app::environment(&db.url())).env("PORT", port.to_string());
        command.env("MIGRATE_ON_START", "true").stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        Self { process: command.spawn().unwrap(), port }
    }

    async fn serves(&mut self) {
        let port = self.port;
        until(async || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_ok()).await;
    }

    async fn stop(mut self) -> Output {
        self.process.start_kill().unwrap();
        let output = self.process.wait_with_output().await.unwrap();
        String::from_utf8_lossy(&output.stdout).lines().for_each(secrets::look_at);
        assert_eq!(secrets::leaks(), None, "decision 13: this is never logged");
        output
    }
}
