//! Tests of `DATABASE_URL` in the forms that SQLAlchemy 2 accepts, and of `POSTGRES_*`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use secrecy::ExposeSecret as _;
use serde_json::Value;
use shared::config::{self, ConfigError, Environment};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tests::db::TestDb;
use tests::unreliable_network::Upstream;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, UnixStream};

/// Recorded by `database_urls.py` in the same directory.
const RECORDED: &str = include_str!("../fixtures/database_urls.json");

fn read(variables: &[(&str, &str)]) -> Result<PgConnectOptions, ConfigError> {
    let variables: Environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    config::database_url(&variables).map(|url| url.expose_secret().parse().unwrap())
}

/// Returns the password. sqlx reveals it only in a URL, which cannot contain every host and user, so these are replaced.
fn password(options: &PgConnectOptions) -> Option<String> {
    let url = options.clone().host("db").username("app").to_url_lossy();
    url.password().map(|password| percent_encoding::percent_decode_str(password).decode_utf8().unwrap().into_owned())
}

/// Compares the parts that the recording has.
fn compare(address: &str, read: &PgConnectOptions, recorded: &Value) {
    let host = read.get_socket().map_or_else(|| read.get_host().to_owned(), |folder| folder.display().to_string());
    for (name, read) in [
        ("host", Some(host)),
        ("user", Some(read.get_username().to_owned())),
        ("password", password(read)),
        ("dbname", read.get_database().map(str::to_owned)),
        ("port", Some(read.get_port().to_string())),
    ] {
        let recorded = recorded
            .get(name)
            .map(|value| value.to_string().trim_matches('"').replace("\\\\", "\\").replace("\\\"", "\""));
        if recorded.is_some() || name == "password" {
            assert_eq!(read, recorded, "{name} of {address}");
        }
    }
}

pub async fn an_address_is_read_as_sqlalchemy_reads_it() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let addresses = recorded["addresses"].as_array().unwrap();
    assert!(addresses.len() >= 40);

    for entry in addresses {
        let address = entry["url"].as_str().unwrap();
        match (read(&[("DATABASE_URL", address)]), entry["fault"].as_str()) {
            (Ok(options), None) => compare(address, &options, &entry["sqlalchemy"]),
            (Err(error), Some(fault)) => {
                let error = error.to_string();
                assert!(error.contains(fault), "{address}: {error}");
                let is_told = ["secret", "p@ss", "w@rd"].into_iter().any(|part| error.contains(part));
                assert!(!is_told, "a part of {address} in: {error}");
            }
            (Ok(_), Some(fault)) => panic!("{address} is accepted, but: {fault}"),
            (Err(error), None) => panic!("{address} is refused: {error}"),
        }
    }
}

fn variables<'a>(host: &'a str, password: &'a str) -> [(&'a str, &'a str); 4] {
    [("POSTGRES_HOST", host), ("POSTGRES_USER", "app"), ("POSTGRES_PASSWORD", password), ("POSTGRES_DB", "augmed")]
}

pub async fn the_old_systems_variables_name_every_kind_of_host() {
    let reached = |host| read(&variables(host, "secret")).unwrap();
    for host in ["db", "127.0.0.1", "db-1.abc.eu-west-1.rds.amazonaws.com", "2001:db8::1", "fe80::1%eth0"] {
        assert_eq!(reached(host).get_host(), host);
    }
    assert_eq!(reached("[::1]").get_host(), "::1");
    assert_eq!(reached("/var/run/post gres").get_socket().unwrap().to_str(), Some("/var/run/post gres"));

    let with_port = read(&variables("db-1.abc.eu-west-1.rds.amazonaws.com:5432", "secret")).unwrap_err().to_string();
    assert!(with_port.contains("POSTGRES_* has a : in its host"), "{with_port}");
}

pub async fn an_unusual_password_arrives_unchanged() {
    for unusual in
        ["p@ss", "a/b?c#d[e]f", "100%sure", "%2F", "a b+c&d=e", "\"'\\$`", "pässwörd€", "!#$%&*()-_=+[]{}<>:?"]
    {
        assert_eq!(password(&read(&variables("db-1.example", unusual)).unwrap()).as_deref(), Some(unusual));
    }
}

/// Forwards an address to PostgreSQL's socket until the runtime ends. Returns `None` if the machine does not have the address.
async fn listen(address: IpAddr, url: &str) -> Option<String> {
    let listener = TcpListener::bind((address, 0)).await.ok()?;
    let port = listener.local_addr().unwrap().port();
    let Upstream::Unix(socket) = Upstream::of_database(url) else { return None };
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        copy_bidirectional(&mut client, &mut UnixStream::connect(socket).await.unwrap()).await
    });
    Some(port.to_string())
}

pub async fn a_server_is_reached_by_ipv4_and_ipv6() {
    let db = TestDb::new().await;
    for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        let Some(port) = listen(address, &db.url()).await else { continue };
        let host = address.to_string();
        let mut variables = variables(&host, "secret").to_vec();
        variables.extend([("POSTGRES_PORT", port.as_str()), ("POSTGRES_USER", "postgres"), ("POSTGRES_DB", &db.name)]);

        let mut connection: PgConnection = read(&variables).unwrap().connect().await.unwrap();

        connection.ping().await.unwrap();
    }
}
