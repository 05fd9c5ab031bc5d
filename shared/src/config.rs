//! Configuration: the environment, read once. Reports all faults together, each with its variable's name.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use axum::http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use crate::db::url;
use crate::origin;

/// The process environment, or a test's replacement.
pub type Environment = HashMap<String, String>;

/// The configuration of a function or the container.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address from `DATABASE_URL` or `POSTGRES_*`, in the form that sqlx reads.
    pub database_url: SecretString,
    /// `DATABASE_DIRECT_URL`: the address for work that needs a session, if `database_url` leads to a pooler.
    pub database_direct_url: Option<SecretString>,
    /// `DATABASE_OWNER_URL`: the role that runs migrations; by default the user of `database_url`.
    pub database_owner_url: Option<SecretString>,
    /// `DATABASE_MAX_CONNECTIONS` of the container. A function has one: it serves one request at a time.
    pub database_max_connections: u32,
    /// `DATABASE_REPLICA_URL`: the database that exports read.
    pub database_replica_url: Option<SecretString>,
    /// `JWT_SECRET_KEY`: signs and verifies tokens (contract section 2).
    pub jwt_secret_key: SecretString,
    /// `JWT_SECRET_KEY_REVOKED_VERSIONS`: versions of the parameter behind `JWT_SECRET_KEY` that are not accepted.
    pub jwt_revoked_versions: BTreeSet<i64>,
    /// `JWT_ACCESS_TOKEN_EXPIRES`: the lifetime of a token, in seconds.
    pub access_token_expires: Duration,
    /// `JWT_REFRESH_TOKEN_EXPIRES`: how long after the login a token is renewed, in seconds.
    pub refresh_token_expires: Duration,
    /// `EXPORT_API_KEY`; without it no key grants access to `/api/v1/*`.
    pub export_api_key: Option<SecretString>,
    /// `ADMIN_API_KEY`; without it no key grants access to `/admin/*`.
    pub admin_api_key: Option<SecretString>,
    /// `CORS_ORIGINS`.
    pub cors_origins: CorsOrigins,
    /// `PORT`: the port the container listens on.
    pub port: u16,
    /// `FRONTEND_URL`, without a trailing slash: the base of the link in a reset mail.
    pub frontend_url: Option<String>,
    /// `SIGNUP`.
    pub signup: Signup,
    /// `FRONTEND_DIRECTORY`: a built frontend that the container serves beside the API.
    pub frontend_directory: Option<std::path::PathBuf>,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: Option<String>,
    /// `MAIL_TRANSPORT`.
    pub mail_transport: MailTransport,
    /// `MIGRATE_ON_START`: whether the container applies pending migrations before it serves.
    pub migrate_on_start: bool,
    /// `SECRETS_REFRESH_SECONDS`: the age at which secrets from Parameter Store are fetched again.
    pub secrets_refresh: Duration,
}

/// Which origins may read answers in a browser (contract section 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `CORS_ORIGINS` is `*` or unset, as in the old system: any origin is allowed.
    Any,
    /// Only these origins are allowed.
    Only(Vec<HeaderValue>),
}

/// How an invited person signs up (contract section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signup {
    /// With the address alone, as in the old system.
    Open,
    /// With the link from the invitation mail.
    ByMail,
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTransport {
    /// Amazon SES.
    Ses,
    /// A log line that names the subject; the text is discarded.
    Log,
    /// One file per mail in this directory.
    Directory(std::path::PathBuf),
}

/// The faults of the environment, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigError {}

/// Shorter keys can be found offline by brute force from one token (RFC 7518 section 3.2).
const MIN_SIGNING_KEY_BYTES: usize = 32;

/// The access and refresh lifetime of the old system.
const THREE_DAYS: Duration = Duration::from_secs(259_200);

impl Config {
    /// Returns the addresses for migrations at the start.
    pub fn migration_urls(&self) -> MigrationUrls {
        MigrationUrls::new(self.database_url.clone(), self.database_owner_url.clone(), self.database_direct_url.clone())
    }

    /// Reads `environment`, whose secrets are already resolved (see [`crate::secrets::resolve`]).
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        let mut read = Reader { environment, faults: Vec::new() };
        let config = Self {
            database_url: read.database_url(),
            database_direct_url: read.url("DATABASE_DIRECT_URL"),
            database_replica_url: read.url("DATABASE_REPLICA_URL"),
            database_owner_url: read.url("DATABASE_OWNER_URL"),
            database_max_connections: read.number("DATABASE_MAX_CONNECTIONS", 10, 1..=1000),
            jwt_secret_key: read.signing_key(),
            jwt_revoked_versions: read.versions("JWT_SECRET_KEY_REVOKED_VERSIONS"),
            access_token_expires: read.seconds("JWT_ACCESS_TOKEN_EXPIRES", THREE_DAYS),
            refresh_token_expires: read.seconds("JWT_REFRESH_TOKEN_EXPIRES", THREE_DAYS),
            export_api_key: read.optional("EXPORT_API_KEY").map(SecretString::from),
            admin_api_key: read.optional("ADMIN_API_KEY").map(SecretString::from),
            cors_origins: read.cors_origins(),
            port: read.number("PORT", 5000, 0..=u16::MAX),
            frontend_url: read.optional("FRONTEND_URL").and_then(|url| read.origin("FRONTEND_URL", &url)),
            signup: read.signup(),
            frontend_directory: read.optional("FRONTEND_DIRECTORY").map(std::path::PathBuf::from),
            mail_from: read.optional("MAIL_FROM"),
            mail_transport: read.mail_transport(),
            migrate_on_start: read.flag("MIGRATE_ON_START"),
            // functions use a secret for up to twice this time: one minute
            secrets_refresh: Duration::from_secs(read.number("SECRETS_REFRESH_SECONDS", 30, 1..=30)),
        };
        read.check_api_keys(&config);
        if read.faults.is_empty() { Ok(config) } else { Err(ConfigError(read.faults)) }
    }

    /// Returns whether both API keys are equal, so that the services' key also grants access to `/admin/*`.
    pub fn has_equal_api_keys(&self) -> bool {
        let key = |key: &Option<SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned());
        self.admin_api_key.is_some() && key(&self.admin_api_key) == key(&self.export_api_key)
    }

    /// Returns whether the signing key is open to brute force: RFC 7518 section 3.2 requires 256 bits for HS256.
    pub fn has_short_signing_key(&self) -> bool {
        self.jwt_secret_key.expose_secret().len() < MIN_SIGNING_KEY_BYTES
    }

    /// Returns whether the database is on this machine, as in development and tests.
    fn has_local_database(&self) -> bool {
        PgConnectOptions::from_str(self.database_url.expose_secret()).is_ok_and(|options| {
            options.get_socket().is_some() || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host())
        })
    }
}

/// Returns the address from `DATABASE_URL` or `POSTGRES_*`, in the form that sqlx reads.
pub fn database_url(environment: &Environment) -> Result<SecretString, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let url = read.database_url();
    if read.faults.is_empty() { Ok(url) } else { Err(ConfigError(read.faults)) }
}

/// The addresses for migrations, which bypass a pooler.
#[derive(Clone, Debug)]
pub struct MigrationUrls {
    /// `DATABASE_OWNER_URL`, or else `DATABASE_DIRECT_URL`, or else [`database_url`].
    pub owner: SecretString,
    /// [`database_url`] if the owner is another user: migrations maintain the privileges of its role.
    pub application: Option<SecretString>,
}

impl MigrationUrls {
    /// Chooses among `DATABASE_URL`, `DATABASE_OWNER_URL` and `DATABASE_DIRECT_URL`.
    pub fn new(url: SecretString, owner: Option<SecretString>, direct: Option<SecretString>) -> Self {
        match owner {
            Some(owner) => Self { owner, application: Some(url) },
            None => Self { owner: direct.unwrap_or(url), application: None },
        }
    }
}

/// Returns the addresses for migrations.
pub fn migration_urls(environment: &Environment) -> Result<MigrationUrls, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let [owner, direct] = ["DATABASE_OWNER_URL", "DATABASE_DIRECT_URL"].map(|name| read.url(name));
    // a direct address is enough; DATABASE_URL need not be set
    let url = if owner.is_none() && direct.is_some() { SecretString::default() } else { read.database_url() };
    let urls = MigrationUrls::new(url, owner, direct);
    if read.faults.is_empty() { Ok(urls) } else { Err(ConfigError(read.faults)) }
}

/// Returns the user and password of an address.
pub fn credentials(url: &SecretString) -> Option<(String, SecretString)> {
    url::read(url.expose_secret()).ok()?.credentials()
}

/// Returns `DATABASE_REPLICA_URL`, if it is set.
pub fn replica_database_url(environment: &Environment) -> Result<Option<SecretString>, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let url = read.url("DATABASE_REPLICA_URL");
    if read.faults.is_empty() { Ok(url) } else { Err(ConfigError(read.faults)) }
}

/// Reads `CORS_ORIGINS` alone, for a function that needs nothing else.
pub fn cors_origins(environment: &Environment) -> Result<CorsOrigins, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let origins = read.cors_origins();
    if read.faults.is_empty() { Ok(origins) } else { Err(ConfigError(read.faults)) }
}

/// Reads `SIGNUP` alone, for a command that needs nothing else.
pub fn signup(environment: &Environment) -> Result<Signup, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let signup = read.signup();
    if read.faults.is_empty() { Ok(signup) } else { Err(ConfigError(read.faults)) }
}

struct Reader<'a> {
    environment: &'a Environment,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// Treats an empty variable as absent: `docker run -e NAME=` and SAM parameters produce empty ones.
    fn optional(&self, name: &str) -> Option<String> {
        self.environment.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set (nor {name}_PARAMETER)"));
            String::new()
        })
    }

    fn number<N>(&mut self, name: &str, default: N, range: std::ops::RangeInclusive<N>) -> N
    where
        N: std::str::FromStr + PartialOrd + fmt::Display + Copy,
    {
        let Some(text) = self.optional(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            _ => {
                self.faults.push(format!("{name} must be a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let ten_years = 315_360_000;
        Duration::from_secs(self.number(name, default.as_secs(), 1..=ten_years))
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.optional(name).as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.faults.push(format!("{name} must be true or false"));
                false
            }
        }
    }

    /// Reads `3,4`, or `none`, because a parameter cannot be empty.
    fn versions(&mut self, name: &str) -> BTreeSet<i64> {
        let text = self.optional(name).filter(|text| text.trim() != "none").unwrap_or_default();
        let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
        numbers.map(str::parse).collect::<Result<_, _>>().unwrap_or_else(|_| {
            self.faults.push(format!("{name} must be numbers separated by commas, or none"));
            BTreeSet::new()
        })
    }

    fn database_url(&mut self) -> SecretString {
        if self.optional("DATABASE_URL").is_some() {
            return self.url("DATABASE_URL").unwrap_or_default();
        }
        if self.optional("POSTGRES_HOST").is_none() {
            self.faults.push("DATABASE_URL is not set (nor POSTGRES_HOST, _USER, _PASSWORD, _DB)".to_owned());
            return SecretString::default();
        }
        let [user, password, host, database] =
            ["POSTGRES_USER", "POSTGRES_PASSWORD", "POSTGRES_HOST", "POSTGRES_DB"].map(|name| self.required(name));
        let port = self.number("POSTGRES_PORT", 5432_u16, 1..=u16::MAX);
        let parts = url::Parts::new(&host, port, user, password, database);
        self.checked_url("POSTGRES_*", parts.into_url()).unwrap_or_default()
    }

    /// Reads an address in SQLAlchemy 2's syntax; returns it in the form that sqlx reads.
    fn url(&mut self, name: &str) -> Option<SecretString> {
        let text = self.optional(name)?;
        let url = url::read(&text).and_then(url::Parts::into_url);
        self.checked_url(name, url)
    }

    fn checked_url(&mut self, name: &str, url: Result<SecretString, url::Fault>) -> Option<SecretString> {
        url.map_err(|fault| self.faults.push(format!("{name} {fault}"))).ok()
    }

    fn cors_origins(&mut self) -> CorsOrigins {
        let Some(text) = self.optional("CORS_ORIGINS").filter(|text| text.trim() != "*") else {
            return CorsOrigins::Any;
        };
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins: Vec<_> = origins.filter_map(|origin| self.origin("CORS_ORIGINS", origin)).collect();
        CorsOrigins::Only(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    fn origin(&mut self, name: &str, text: &str) -> Option<String> {
        let origin = origin::parse(text);
        if let Err(error) = &origin {
            self.faults.push(format!("{name} {error}, as in https://study.example"));
        }
        origin.ok()
    }

    fn signing_key(&mut self) -> SecretString {
        let key = self.required("JWT_SECRET_KEY");
        let may_be_short = self.flag("JWT_SECRET_KEY_MAY_BE_SHORT");
        if !key.is_empty() && key.len() < MIN_SIGNING_KEY_BYTES && !may_be_short {
            self.faults.push(format!(
                "JWT_SECRET_KEY has less than {MIN_SIGNING_KEY_BYTES} bytes: make one with `openssl rand -hex 32`, or keep an \
                 old system's with JWT_SECRET_KEY_MAY_BE_SHORT=true"
            ));
        }
        key.into()
    }

    /// One key may be enough in development and tests (decision 75).
    fn check_api_keys(&mut self, config: &Config) {
        let may_be_equal = self.flag("API_KEYS_MAY_BE_EQUAL");
        if config.has_equal_api_keys() && !may_be_equal && !config.has_local_database() {
            self.faults.push(
                "EXPORT_API_KEY is the same as ADMIN_API_KEY, so that it opens /admin: make another one with `openssl rand -hex \
                 32`, or set API_KEYS_MAY_BE_EQUAL=true"
                    .to_owned(),
            );
        }
    }

    fn signup(&mut self) -> Signup {
        match self.optional("SIGNUP").as_deref() {
            None | Some("open") => Signup::Open,
            Some("by-mail") => Signup::ByMail,
            Some(_) => {
                self.faults.push("SIGNUP must be open or by-mail".to_owned());
                // the stricter one, although a fault prevents the start anyway
                Signup::ByMail
            }
        }
    }

    fn mail_transport(&mut self) -> MailTransport {
        match self.optional("MAIL_TRANSPORT").as_deref() {
            None | Some("ses") => MailTransport::Ses,
            Some("log") => MailTransport::Log,
            Some(text) => text.strip_prefix("file:").filter(|directory| !directory.is_empty()).map_or_else(
                || {
                    self.faults.push("MAIL_TRANSPORT must be ses, log or file:<directory>".to_owned());
                    MailTransport::Log
                },
                |directory| MailTransport::Directory(directory.into()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    /// Returns the faults of a server with these variables and the required ones.
    fn faults(pairs: &[(&str, &str)]) -> String {
        let needed = [("DATABASE_URL", "postgresql://db.test/augmed"), ("JWT_SECRET_KEY", KEY)];
        let config = Config::from_environment(&environment(&[&needed, pairs].concat()));
        config.err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn lists_every_fault_at_once_by_name() {
        let faults = Config::from_environment(&environment(&[("PORT", "many"), ("MAIL_TRANSPORT", "pigeon")]))
            .unwrap_err()
            .to_string();

        for name in ["DATABASE_URL", "JWT_SECRET_KEY", "PORT", "MAIL_TRANSPORT"] {
            assert!(faults.contains(name), "{name} is missing from: {faults}");
        }
    }

    #[test]
    fn builds_the_address_from_postgres_variables() {
        let pairs = [
            ("POSTGRES_USER", "u"),
            ("POSTGRES_PASSWORD", "p@/:%"),
            ("POSTGRES_HOST", "db"),
            ("POSTGRES_DB", "augmed"),
        ];
        let url = database_url(&environment(&pairs)).unwrap();

        assert_eq!(url.expose_secret(), "postgresql:///?host=db&port=5432&user=u&password=p%40%2F%3A%25&dbname=augmed");
    }

    #[test]
    fn has_the_old_systems_defaults() {
        let config = Config::from_environment(&environment(&[
            ("DATABASE_URL", "postgresql://db/augmed"),
            ("JWT_SECRET_KEY", KEY),
        ]))
        .unwrap();

        assert_eq!(config.port, 5000);
        assert_eq!(config.access_token_expires.as_secs(), 259_200);
        assert_eq!(config.cors_origins, CorsOrigins::Any);
    }

    #[test]
    fn reads_a_list_of_origins() {
        let origins = cors_origins(&environment(&[("CORS_ORIGINS", "https://a.test, https://b.test/")])).unwrap();

        assert_eq!(
            origins,
            CorsOrigins::Only(vec![
                HeaderValue::from_static("https://a.test"),
                HeaderValue::from_static("https://b.test")
            ])
        );
    }

    #[test]
    fn reports_the_variable_with_an_invalid_origin() {
        for text in ["study.example.org", "https://study.example.org/app", "https://*.example.org", "a; b"] {
            for name in ["CORS_ORIGINS", "FRONTEND_URL"] {
                assert!(faults(&[(name, text)]).starts_with(&format!("configuration: {name} has ")), "{name}={text}");
            }
        }
        assert!(faults(&[("CORS_ORIGINS", "https://a.test, *")]).contains("CORS_ORIGINS has a wildcard"));
        assert_eq!(faults(&[("CORS_ORIGINS", "*"), ("FRONTEND_URL", "https://study.test/")]), "");
    }

    #[test]
    fn refuses_a_signing_key_below_32_bytes_unless_short_keys_are_allowed() {
        let short = ("JWT_SECRET_KEY", "0123456789abcdef0123456789abcde");

        assert!(faults(&[short]).starts_with("configuration: JWT_SECRET_KEY has less than 32 bytes"));
        assert_eq!(faults(&[short, ("JWT_SECRET_KEY_MAY_BE_SHORT", "true")]), "");
        assert!(!faults(&[short]).contains(short.1));
    }

    #[test]
    fn refuses_equal_api_keys_unless_the_database_is_local() {
        let equal = [("ADMIN_API_KEY", "one key"), ("EXPORT_API_KEY", "one key")];
        let with = |pair| faults(&[equal[0], equal[1], pair]);

        assert!(faults(&equal).starts_with("configuration: EXPORT_API_KEY is the same as ADMIN_API_KEY"));
        assert_eq!(faults(&[("EXPORT_API_KEY", "another"), equal[0]]), "");
        assert_eq!(with(("API_KEYS_MAY_BE_EQUAL", "true")), "");
        for local in ["postgresql://me@127.0.0.1:5433/x", "postgresql://localhost/x", "postgresql:///x?host=/tmp"] {
            assert_eq!(with(("DATABASE_URL", local)), "", "{local}");
        }
    }

    #[test]
    fn reads_revoked_versions_as_numbers_or_none() {
        let revoked = |text| {
            let given = [
                ("DATABASE_URL", "postgresql://db/x"),
                ("JWT_SECRET_KEY", KEY),
                ("JWT_SECRET_KEY_REVOKED_VERSIONS", text),
            ];
            Config::from_environment(&environment(&given)).map(|config| config.jwt_revoked_versions)
        };

        assert_eq!(revoked("3, 4"), Ok(BTreeSet::from([3, 4])));
        assert_eq!(revoked("none"), Ok(BTreeSet::new()));
        assert!(revoked("3;4").unwrap_err().to_string().contains("JWT_SECRET_KEY_REVOKED_VERSIONS"));
    }

    #[test]
    fn every_variable_is_documented() {
        let documented = include_str!("../../docs/configuration.md");
        let code = include_str!("config.rs").split("#[cfg(test)]").next().unwrap();
        let is_name =
            |text: &&str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');

        let missing: Vec<_> =
            code.split('"').filter(is_name).filter(|name| !documented.contains(&format!("`{name}`"))).collect();

        assert!(missing.is_empty(), "docs/configuration.md does not name {missing:?}");
    }

    #[test]
    fn a_fault_does_not_repeat_the_value() {
        let fault = database_url(&environment(&[("DATABASE_URL", "hunter2")])).unwrap_err().to_string();

        assert!(!fault.contains("hunter2"));
    }
}
