//! With `sslmode=verify-full`, a function accepts only database servers whose certificate is signed by an authority of `template.yaml`.

use local::tls::TlsServer;
use tempfile::NamedTempFile;
use tests::db::TestDb;
use tests::deployed;
use url::Url;

use crate::database::questionnaire;

#[tokio::test]
async fn a_certificate_signed_by_a_trusted_authority_is_accepted() {
    let server = Database::with_certificate_for("localhost").await;

    assert_eq!(server.answer_to_function(server.tls.authority()).await, 200);
}

#[tokio::test]
async fn a_certificate_signed_by_another_authority_is_refused() {
    let server = Database::with_certificate_for("localhost").await;
    let of_rds =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/database_authorities/rds-ca.pem"))
            .unwrap();

    assert_eq!(server.answer_to_function(&of_rds).await, 503);
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let server = Database::with_certificate_for("another.test").await;

    assert_eq!(server.answer_to_function(server.tls.authority()).await, 503);
}

/// A database with data, behind TLS.
struct Database {
    db: TestDb,
    tls: TlsServer,
}

impl Database {
    async fn with_certificate_for(name: &str) -> Self {
        let db = TestDb::with_contract_data().await;
        let tls = TlsServer::start(&db.url(), name).await.unwrap();
        Self { db, tls }
    }

    /// Returns the status of a function that connects to `localhost` and trusts these authorities.
    async fn answer_to_function(&self, authorities: &str) -> u16 {
        let mut file = NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, authorities.as_bytes()).unwrap();
        let mut url: Url = self.db.url().parse().unwrap();
        url.set_host(Some("localhost")).unwrap();
        url.set_port(Some(self.tls.port())).unwrap();
        url.set_query(Some("sslmode=verify-full"));
        let authorities = ("PGSSLROOTCERT", file.path().to_str().unwrap());
        let load_balancer = deployed::start_with(url.as_str(), &[authorities]).await;
        questionnaire(&load_balancer).await
    }
}
