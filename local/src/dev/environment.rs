//! The environment of the server and the functions: the caller's values, and development defaults for unset variables.

use std::collections::BTreeMap;
use std::path::Path;

use shared::config::Environment;

use super::secrets::Secrets;

/// The variables of the API (docs/configuration.md) and its log that are passed on. Unset variables without a default
/// stay unset.
const PASSED_ON: [&str; 16] = [
    "ADMIN_API_KEY",
    "API_KEYS_MAY_BE_EQUAL",
    "CORS_ORIGINS",
    "DATABASE_DIRECT_URL",
    "DATABASE_MAX_CONNECTIONS",
    "DATABASE_REPLICA_URL",
    "EXPORT_API_KEY",
    "FRONTEND_URL",
    "JWT_ACCESS_TOKEN_EXPIRES",
    "JWT_REFRESH_TOKEN_EXPIRES",
    "JWT_SECRET_KEY",
    "JWT_SECRET_KEY_MAY_BE_SHORT",
    "MAIL_FROM",
    "MAIL_TRANSPORT",
    "RUST_LOG",
    "SIGNUP",
];

/// Returns the variables for the server and the functions. Secrets in `given` are already resolved.
pub(super) fn environment(
    given: &Environment,
    database_url: &str,
    address: &str,
    mails: &Path,
    secrets: &Secrets,
) -> BTreeMap<String, String> {
    let development = [
        ("JWT_SECRET_KEY", secrets.jwt_secret_key.clone()),
        // replaces the parameter that template.yaml names
        ("JWT_SECRET_KEY_REVOKED_VERSIONS", String::new()),
        ("EXPORT_API_KEY", secrets.export_api_key.clone()),
        ("ADMIN_API_KEY", secrets.admin_api_key.clone()),
        ("FRONTEND_URL", address.to_owned()),
        // template.yaml sets by-mail
        ("SIGNUP", "open".to_owned()),
        ("MAIL_TRANSPORT", format!("file:{}", mails.display())),
        ("DATABASE_URL", database_url.to_owned()),
    ];
    let is_passed_on = |name: &str| PASSED_ON.contains(&name) || name.starts_with("AWS_");
    let passed_on = given.iter().filter(|(name, value)| is_passed_on(name) && !value.is_empty());
    let development = development.map(|(name, value)| (name.to_owned(), value));
    development.into_iter().chain(passed_on.map(|(name, value)| (name.clone(), value.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment_with(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let secrets =
            Secrets { jwt_secret_key: "jwt".into(), export_api_key: "export".into(), admin_api_key: "admin".into() };
        environment(&given, "postgresql:///own", "http://127.0.0.1:5000", Path::new("/data/mail"), &secrets)
    }

    #[test]
    fn unset_variables_get_development_values() {
        let environment = environment_with(&[("EXPORT_API_KEY", "")]);

        assert_eq!(environment["JWT_SECRET_KEY"], "jwt");
        assert_eq!(environment["EXPORT_API_KEY"], "export");
        assert_eq!(environment["FRONTEND_URL"], "http://127.0.0.1:5000");
        assert_eq!(environment["MAIL_TRANSPORT"], "file:/data/mail");
        assert!(!environment.contains_key("CORS_ORIGINS"));
    }

    #[test]
    fn the_callers_values_are_passed_on() {
        let environment = environment_with(&[
            ("JWT_SECRET_KEY", "theirs"),
            ("JWT_ACCESS_TOKEN_EXPIRES", "900"),
            ("CORS_ORIGINS", "http://a.test"),
            ("HOME", "/root"),
        ]);

        assert_eq!(environment["JWT_SECRET_KEY"], "theirs");
        assert_eq!(environment["JWT_ACCESS_TOKEN_EXPIRES"], "900");
        assert_eq!(environment["CORS_ORIGINS"], "http://a.test");
        assert!(!environment.contains_key("HOME"));
    }

    #[test]
    fn the_database_is_the_one_that_was_migrated() {
        assert_eq!(environment_with(&[("DATABASE_URL", "postgresql:///given")])["DATABASE_URL"], "postgresql:///own");
    }
}
