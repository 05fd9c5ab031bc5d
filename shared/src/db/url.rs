//! Parses database addresses as SQLAlchemy 2 does: the old system is configured with such addresses.
//!
//! SQLAlchemy accepts any character but `@` in a password, keeps a `%` that begins no escape, and allows schemes that
//! name a driver (`postgresql+psycopg2://`). The URL standard, which sqlx follows, allows none of these. So an address
//! is parsed by SQLAlchemy's rules (`sqlalchemy/engine/url.py`, `_parse_url`) and written in a form that sqlx reads.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::form_urlencoded;

use super::ssl_mode;

/// What is wrong with an address and how to fix it. Never contains a part of the address.
pub(crate) type Fault = Cow<'static, str>;

/// Parameters that sqlx reads.
const FORWARDED_PARAMETERS: [&str; 9] = [
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "options",
];

/// Parameters of libpq that have no effect here.
const IGNORED_PARAMETERS: [&str; 16] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "sslcompression",
    "target_session_attrs",
    "tcp_user_timeout",
];

/// The parts of an address, unescaped.
#[derive(Default)]
pub(crate) struct Parts {
    user: Option<String>,
    password: Option<String>,
    /// A name, an IP address without brackets, or the directory of a socket.
    host: Option<String>,
    port: Option<String>,
    database: Option<String>,
    parameters: Vec<(String, String)>,
}

/// Parses an address.
pub(crate) fn read(url: &str) -> Result<Parts, Fault> {
    let (scheme, rest) = url.split_once("://").ok_or(NOT_AN_ADDRESS)?;
    let dialect = scheme.split('+').next().unwrap_or_default();
    if !["postgres", "postgresql"].contains(&dialect) || !scheme.chars().all(is_scheme_character) {
        return Err(NOT_AN_ADDRESS.into());
    }
    let (credentials, rest) = split_credentials(rest);
    refuse_misplaced_at_signs(credentials.is_some(), rest)?;
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (server, database) = place.split_once('/').map_or((place, None), |(server, path)| (server, Some(path)));
    let (host, port) = split_server(server)?;
    let mut parts = Parts { host, port, database: database.map(unescaped), ..Parts::default() };
    if let Some((user, password)) = credentials {
        (parts.user, parts.password) = (Some(unescaped(user)), password.map(unescaped));
    }
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        parts.set(&name, value.into_owned())?;
    }
    Ok(parts)
}

const NOT_AN_ADDRESS: &str = "is not a postgresql:// address";

fn is_scheme_character(character: char) -> bool {
    character.is_alphanumeric() || ['_', '+'].contains(&character)
}

/// A user contains no `:` or `/`; a password ends at the first `@`. Without a password the user ends at the last `@`.
fn split_credentials(text: &str) -> (Option<(&str, Option<&str>)>, &str) {
    let (user, rest) = text.split_at(text.find([':', '/']).unwrap_or(text.len()));
    if let Some((password, rest)) = rest.strip_prefix(':').and_then(|rest| rest.split_once('@')) {
        return (Some((user, Some(password))), rest);
    }
    match user.rfind('@') {
        Some(at) => (Some((&text[..at], None)), &text[at + 1..]),
        None => (None, text),
    }
}

/// Refuses another unescaped `@`: SQLAlchemy would look for the host after it and not find one.
fn refuse_misplaced_at_signs(has_credentials: bool, rest: &str) -> Result<(), Fault> {
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let in_name = query.split('&').any(|parameter| parameter.split('=').next().unwrap_or_default().contains('@'));
    match (place.contains('@') || in_name, has_credentials) {
        (false, _) => Ok(()),
        (true, true) => Err("has an unescaped @ in its user, password or database: write %40".into()),
        (true, false) => Err("has an unescaped / in its user: write %2F".into()),
    }
}

fn split_server(server: &str) -> Result<(Option<String>, Option<String>), Fault> {
    let (host, rest) = match server.strip_prefix('[').and_then(|text| text.rsplit_once(']')) {
        Some((host, rest)) => (host, rest),
        None => server.split_at(server.find(':').unwrap_or(server.len())),
    };
    let port = match (rest.strip_prefix(':'), rest) {
        (Some(port), _) => Some(port).filter(|port| !port.is_empty()),
        (None, "") => None,
        (None, _) => return Err("has something between the ] of its host and the port: write [address]:port".into()),
    };
    let is_directory = host.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f"));
    let host = if is_directory { unescaped(host) } else { host.to_owned() };
    Ok((Some(host).filter(|host| !host.is_empty()), port.map(str::to_owned)))
}

/// Decodes like Python's `urllib.parse.unquote`: invalid escapes stay, and invalid UTF-8 becomes U+FFFD.
fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl Parts {
    /// Builds an address from unescaped parts. `host` may be an IPv6 address with or without brackets.
    pub(crate) fn new(host: &str, port: u16, user: String, password: String, database: String) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Self {
            user: Some(user),
            password: Some(password),
            host: Some(bare.to_owned()),
            port: Some(port.to_string()),
            database: Some(database),
            parameters: Vec::new(),
        }
    }

    /// Returns user and password if both are present.
    pub(crate) fn credentials(self) -> Option<(String, SecretString)> {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Some((given(self.user)?, given(self.password)?.into()))
    }

    /// Sets a query parameter; ignores an empty one.
    fn set(&mut self, name: &str, value: String) -> Result<(), Fault> {
        match name {
            _ if value.is_empty() => {}
            "host" | "hostaddr" => self.set_host(value)?,
            "port" => self.port = Some(value),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "dbname" => self.database = Some(value),
            // `ssl` is asyncpg's name for it
            "sslmode" | "ssl-mode" | "ssl" => {
                ssl_mode::check(&value)?;
                self.parameters.push(("sslmode".to_owned(), value));
            }
            _ if FORWARDED_PARAMETERS.contains(&name) || name.starts_with("options[") => {
                self.parameters.push((name.to_owned(), value));
            }
            _ if IGNORED_PARAMETERS.contains(&name) => {}
            _ => return Err("has a query parameter that is not PostgreSQL's: remove it or correct its name".into()),
        }
        Ok(())
    }

    /// Reads `host` or `host:port`, as SQLAlchemy does. SQLAlchemy also accepts several hosts; we accept one.
    fn set_host(&mut self, value: String) -> Result<(), Fault> {
        if value.contains(',') {
            return Err("names several hosts: name one".into());
        }
        match value.split_once(':') {
            Some((host, port)) if !value.starts_with('/') && !port.contains(':') => {
                self.host = Some(host.to_owned());
                self.port = Some(port.to_owned()).filter(|port| !port.is_empty());
            }
            _ => self.host = Some(value),
        }
        Ok(())
    }

    /// Returns the address for sqlx: only query parameters, because a host in its usual place must follow the URL standard.
    pub(crate) fn into_url(self) -> Result<SecretString, Fault> {
        let mut query = form_urlencoded::Serializer::for_suffix("postgresql:///?".to_owned(), "postgresql:///?".len());
        if let Some(host) = self.host {
            query.append_pair("host", checked_host(&host)?);
        }
        if let Some(port) = self.port {
            query.append_pair("port", checked_port(&port)?);
        }
        for (name, text) in [("user", self.user), ("password", self.password), ("dbname", self.database)] {
            let text = text.filter(|text| !text.is_empty());
            if let Some(text) = text {
                query.append_pair(name, checked_text(name, &text)?);
            }
        }
        Ok(query.extend_pairs(self.parameters).finish().into())
    }
}

/// A socket directory may have any name; a host name has letters, digits, `.`, `-` and `_`.
fn checked_host(host: &str) -> Result<&str, Fault> {
    let is_address = host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    let is_name_character = |character: &char| character.is_alphanumeric() || ".-_".contains(*character);
    match host.chars().find(|character| !is_name_character(character)) {
        Some(':') if !is_address => Err("has a : in its host: give the port separately, and IPv6 as [address]".into()),
        Some(character) if !is_address && !host.starts_with('/') => {
            Err(format!("has {} in its host: remove it, or correct the address", named(character)).into())
        }
        _ => Ok(host),
    }
}

fn checked_port(port: &str) -> Result<&str, Fault> {
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let fault = "has no number from 1 to 65535 for its port. If this is the password, the @ before the host is missing";
    if is_port { Ok(port) } else { Err(fault.into()) }
}

/// Refuses NUL, at which PostgreSQL's text ends, and control characters outside passwords: a line break that was copied
/// from a file or a secret would only lead to "database does not exist".
fn checked_text<'a>(name: &str, text: &'a str) -> Result<&'a str, Fault> {
    let is_refused = |character: &char| *character == '\0' || (character.is_control() && name != "password");
    match text.chars().find(is_refused) {
        Some(character) => Err(format!("has {} in its {name}: remove it", named(character)).into()),
        None => Ok(text),
    }
}

fn named(character: char) -> String {
    if character.is_ascii_graphic() {
        format!("the character {character}")
    } else {
        format!("the character U+{:04X}", u32::from(character))
    }
}

#[cfg(test)]
mod tests;
