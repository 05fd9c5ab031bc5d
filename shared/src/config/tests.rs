use super::*;
use axum::http::HeaderValue;
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
fn a_number_outside_of_its_range_is_refused() {
    for number in ["0", "1001", "-1", "1.5", "many"] {
        let expected = "DATABASE_MAX_CONNECTIONS must be a whole number from 1 to 1000";
        assert!(faults(&[("DATABASE_MAX_CONNECTIONS", number)]).contains(expected), "{number}");
    }
    for number in ["1", "1000"] {
        assert_eq!(faults(&[("DATABASE_MAX_CONNECTIONS", number)]), "", "{number}");
    }
}

#[test]
fn builds_the_address_from_postgres_variables() {
    let pairs =
        [("POSTGRES_USER", "u"), ("POSTGRES_PASSWORD", "p@/:%"), ("POSTGRES_HOST", "db"), ("POSTGRES_DB", "augmed")];
    let url = database_url(&environment(&pairs)).unwrap();

    assert_eq!(url.expose_secret(), "postgresql:///?host=db&port=5432&user=u&password=p%40%2F%3A%25&dbname=augmed");
}

#[test]
fn reads_the_address_of_a_single_database() {
    let given = environment(&[
        ("DATABASE_REPLICA_URL", "postgresql://replica.test/augmed"),
        ("OLD_DATABASE_URL", "postgresql://old.test/augmed"),
    ]);

    for (read, host) in [
        (replica_database_url as fn(&Environment) -> Result<Option<SecretString>, ConfigError>, "replica.test"),
        (old_database_url, "old.test"),
    ] {
        let url = read(&given).unwrap().unwrap();
        assert_eq!(url.expose_secret(), format!("postgresql:///?host={host}&dbname=augmed"));
        assert!(read(&environment(&[])).unwrap().is_none());
    }
}

#[test]
fn has_the_old_systems_defaults() {
    let config =
        Config::from_environment(&environment(&[("DATABASE_URL", "postgresql://db/augmed"), ("JWT_SECRET_KEY", KEY)]))
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
        CorsOrigins::Only(vec![HeaderValue::from_static("https://a.test"), HeaderValue::from_static("https://b.test")])
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
    assert_eq!(faults(&[("JWT_SECRET_KEY", &format!("{}f", short.1))]), "");
    assert_eq!(faults(&[short, ("JWT_SECRET_KEY_MAY_BE_SHORT", "true")]), "");
    assert!(!faults(&[short]).contains(short.1));
}

#[test]
fn knows_whether_the_signing_key_is_short() {
    let with_key = |key| {
        let given =
            [("DATABASE_URL", "postgresql://db/x"), ("JWT_SECRET_KEY", key), ("JWT_SECRET_KEY_MAY_BE_SHORT", "true")];
        Config::from_environment(&environment(&given)).unwrap()
    };

    assert!(with_key(&KEY[1..]).has_short_signing_key());
    assert!(!with_key(KEY).has_short_signing_key());
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
        let given =
            [("DATABASE_URL", "postgresql://db/x"), ("JWT_SECRET_KEY", KEY), ("JWT_SECRET_KEY_REVOKED_VERSIONS", text)];
        Config::from_environment(&environment(&given)).map(|config| config.jwt_revoked_versions)
    };

    assert_eq!(revoked("3, 4"), Ok(BTreeSet::from([3, 4])));
    assert_eq!(revoked("none"), Ok(BTreeSet::new()));
    assert!(revoked("3;4").unwrap_err().to_string().contains("JWT_SECRET_KEY_REVOKED_VERSIONS"));
}

#[test]
fn every_variable_is_documented() {
    let documented = include_str!("../../../docs/configuration.md");
    let code = concat!(include_str!("mod.rs"), include_str!("reader.rs"), include_str!("single.rs"));
    let is_name = |text: &&str| text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');

    let missing: Vec<_> =
        code.split('"').filter(is_name).filter(|name| !documented.contains(&format!("`{name}`"))).collect();

    assert!(missing.is_empty(), "docs/configuration.md does not name {missing:?}");
}

#[test]
fn a_fault_does_not_repeat_the_value() {
    let fault = database_url(&environment(&[("DATABASE_URL", "hunter2")])).unwrap_err().to_string();

    assert!(!fault.contains("hunter2"));
}

#[test]
fn refuses_a_tls_mode_that_the_driver_does_not_know() {
    let url = "postgresql://db.test/augmed?sslmode=verify_full";
    for (pairs, name) in [([("PGSSLMODE", "verify_full")], "PGSSLMODE"), ([("DATABASE_URL", url)], "DATABASE_URL")] {
        let faults = faults(&pairs);

        assert!(faults.contains(name) && faults.contains("verify-full"), "{faults}");
    }
    assert_eq!(faults(&[("PGSSLMODE", "verify-full")]), "");
}

#[test]
fn a_variable_that_is_not_text_is_refused_by_its_name() {
    assert_eq!(faults(&[("MAIL_FROM", "a\u{fffd}@study.test")]), "configuration: MAIL_FROM is not UTF-8 text");
}
