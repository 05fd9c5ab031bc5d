//! The secrets that may be parameters, and the variables that their values become.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::versions::Version;
use crate::config::Environment;

/// Variables whose value may be a parameter.
pub const SECRETS: [&str; 9] = [
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "DATABASE_DIRECT_URL",
    "DATABASE_REPLICA_URL",
    "POSTGRES_PASSWORD",
    "JWT_SECRET_KEY",
    OPTIONAL,
    "EXPORT_API_KEY",
    "ADMIN_API_KEY",
];

/// The only secret whose parameter may be missing: then no version is revoked.
pub(super) const OPTIONAL: &str = "JWT_SECRET_KEY_REVOKED_VERSIONS";

/// Parameter names by variable.
pub(super) type Parameters = BTreeMap<&'static str, String>;

/// Returns the parameters that `environment` names with `<NAME>_PARAMETER`; ignores empty names.
pub(super) fn named_by(environment: &Environment) -> Parameters {
    let named = |variable: &'static str| {
        let parameter = environment.get(&format!("{variable}_PARAMETER")).filter(|parameter| !parameter.is_empty())?;
        Some((variable, parameter.clone()))
    };
    SECRETS.into_iter().filter_map(named).collect()
}

/// Sets the variables of these versions in `environment`.
pub(super) fn insert(environment: &mut Environment, versions: &BTreeMap<&'static str, Version>) {
    for (variable, version) in versions {
        let value = version.value.expose_secret();
        let credentials = (*variable == "POSTGRES_PASSWORD").then(|| serde_json::from_str::<Credentials>(value).ok());
        if let Some(Credentials { username, password }) = credentials.flatten() {
            if let (Some(username), None) = (username, environment.get("POSTGRES_USER").filter(|user| !user.is_empty()))
            {
                environment.insert("POSTGRES_USER".to_owned(), username);
            }
            environment.insert((*variable).to_owned(), password);
        } else {
            environment.insert((*variable).to_owned(), value.to_owned());
        }
    }
}

/// A secret in the format of RDS and Secrets Manager, which SSM serves under `/aws/reference/secretsmanager/<id>`.
#[derive(Deserialize)]
struct Credentials {
    username: Option<String>,
    password: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn with_password(given: &[(&str, &str)], value: &str) -> Environment {
        let mut environment = environment(given);
        let version = Version { number: Some(1), value: value.into(), since: chrono::DateTime::UNIX_EPOCH };
        insert(&mut environment, &BTreeMap::from([("POSTGRES_PASSWORD", version)]));
        environment
    }

    #[test]
    fn reads_non_empty_parameter_names_of_secrets_only() {
        let named = named_by(&environment(&[
            ("JWT_SECRET_KEY_PARAMETER", "/jwt"),
            ("EXPORT_API_KEY_PARAMETER", ""),
            ("PORT_PARAMETER", "/port"),
        ]));

        assert_eq!(named, Parameters::from([("JWT_SECRET_KEY", "/jwt".to_owned())]));
    }

    #[test]
    fn a_password_may_be_a_secret_of_rds() {
        let environment = with_password(&[], r#"{"username":"augmed","password":"p\"w","engine":"postgres"}"#);

        assert_eq!((&*environment["POSTGRES_USER"], &*environment["POSTGRES_PASSWORD"]), ("augmed", "p\"w"));
    }

    #[test]
    fn the_environments_user_takes_precedence_over_the_secrets() {
        let environment = with_password(&[("POSTGRES_USER", "mine")], r#"{"username":"augmed","password":"pw"}"#);

        assert_eq!(environment["POSTGRES_USER"], "mine");
    }

    #[test]
    fn any_other_text_is_the_password() {
        assert_eq!(with_password(&[], "{not json")["POSTGRES_PASSWORD"], "{not json");
        assert_eq!(with_password(&[], "12345")["POSTGRES_PASSWORD"], "12345");
    }
}
