use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use axum::http::HeaderValue;
use secrecy::SecretString;

use super::environment::{Environment, MIN_SIGNING_KEY_BYTES};
use super::error::ConfigError;
use super::values::{CorsOrigins, MailTransport, Signup};
use crate::db::{ssl_mode, url};
use crate::origin;

/// Reads variables, and collects their faults.
pub(super) struct Reader<'a> {
    pub environment: &'a Environment,
    pub faults: Vec<String>,
}

/// Reads a part of the environment; fails with all its faults.
pub(super) fn read<'e, T>(
    environment: &'e Environment,
    read: impl FnOnce(&mut Reader<'e>) -> T,
) -> Result<T, ConfigError> {
    let mut reader = Reader { environment, faults: Vec::new() };
    let value = read(&mut reader);
    if reader.faults.is_empty() { Ok(value) } else { Err(ConfigError(reader.faults)) }
}

impl Reader<'_> {
    /// Treats an empty variable as absent: `docker run -e NAME=` and SAM parameters produce empty ones.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        let value = self.environment.get(name).filter(|value| !value.is_empty())?;
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.add_once(format!("{name} is not UTF-8 text"));
        }
        Some(value.clone())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.faults.push(format!("{name} is not set (nor {name}_PARAMETER)"));
            String::new()
        })
    }

    pub fn number<N>(&mut self, name: &str, default: N, range: std::ops::RangeInclusive<N>) -> N
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

    pub fn seconds(&mut self, name: &str, default: Duration) -> Duration {
        let ten_years = 315_360_000;
        Duration::from_secs(self.number(name, default.as_secs(), 1..=ten_years))
    }

    pub fn flag(&mut self, name: &str) -> bool {
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
    pub fn versions(&mut self, name: &str) -> BTreeSet<i64> {
        let text = self.optional(name).filter(|text| text.trim() != "none").unwrap_or_default();
        let numbers = text.split(',').map(str::trim).filter(|number| !number.is_empty());
        numbers.map(str::parse).collect::<Result<_, _>>().unwrap_or_else(|_| {
            self.faults.push(format!("{name} must be numbers separated by commas, or none"));
            BTreeSet::new()
        })
    }

    pub fn database_url(&mut self) -> SecretString {
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
    pub fn url(&mut self, name: &str) -> Option<SecretString> {
        let text = self.optional(name)?;
        let url = url::read(&text).and_then(url::Parts::into_url);
        self.checked_url(name, url)
    }

    fn checked_url(&mut self, name: &str, url: Result<SecretString, url::Fault>) -> Option<SecretString> {
        self.check_ssl_mode();
        url.map_err(|fault| self.faults.push(format!("{name} {fault}"))).ok()
    }

    /// Checks the mode that applies to addresses without one.
    fn check_ssl_mode(&mut self) {
        let Some(Err(fault)) = self.optional("PGSSLMODE").map(|mode| ssl_mode::check(&mode)) else { return };
        self.add_once(format!("PGSSLMODE {fault}"));
    }

    /// Adds a fault that several readings of one variable find.
    fn add_once(&mut self, fault: String) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    pub fn cors_origins(&mut self) -> CorsOrigins {
        let Some(text) = self.optional("CORS_ORIGINS").filter(|text| text.trim() != "*") else {
            return CorsOrigins::Any;
        };
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        let origins: Vec<_> = origins.filter_map(|origin| self.origin("CORS_ORIGINS", origin)).collect();
        CorsOrigins::Only(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect())
    }

    pub fn origin(&mut self, name: &str, text: &str) -> Option<String> {
        let origin = origin::parse(text);
        if let Err(error) = &origin {
            self.faults.push(format!("{name} {error}, as in https://study.example"));
        }
        origin.ok()
    }

    pub fn signing_key(&mut self) -> SecretString {
        let key = self.required("JWT_SECRET_KEY");
        let may_be_short = self.flag("JWT_SECRET_KEY_MAY_BE_SHORT");
        if !key.is_empty() && key.len() < MIN_SIGNING_KEY_BYTES && !may_be_short {
            self.faults.push(format!(
                "JWT_SECRET_KEY has less than {MIN_SIGNING_KEY_BYTES} bytes: generate one with `openssl rand -hex 32`, or set \
                 JWT_SECRET_KEY_MAY_BE_SHORT=true to keep the old system's"
            ));
        }
        key.into()
    }

    pub fn signup(&mut self) -> Signup {
        match self.optional("SIGNUP").as_deref() {
            None | Some("open") => Signup::Open,
            Some("by-mail") => Signup::ByMail,
            Some(_) => {
                self.faults.push("SIGNUP must be open or by-mail".to_owned());
                // the fault prevents the start; return the stricter value to be safe
                Signup::ByMail
            }
        }
    }

    pub fn mail_transport(&mut self) -> MailTransport {
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
