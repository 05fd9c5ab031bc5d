//! Checks the environment: SSM secrets, and all variables of the server.

use secrecy::ExposeSecret as _;
use shared::Config;
use shared::config::{CorsOrigins, Environment, Signup};
use shared::secrets::{self, SECRETS};

use super::diagnosis::Diagnosis;

/// A shorter API key could be guessed by repeated requests.
const MIN_API_KEY_CHARACTERS: usize = 16;

/// Checks that SSM returns the parameters in `*_PARAMETER`; returns the environment with their values.
pub async fn secrets(mut environment: Environment) -> (Vec<Diagnosis>, Option<Environment>) {
    let is_named = |name: &&str| environment.get(&format!("{name}_PARAMETER")).is_some_and(|value| !value.is_empty());
    let named: Vec<&str> = SECRETS.into_iter().filter(is_named).collect();
    if named.is_empty() {
        return (vec![Diagnosis::good("SSM", "not used: no variable ends in _PARAMETER")], Some(environment));
    }
    match Box::pin(secrets::resolve(&mut environment)).await {
        Ok(()) => (vec![Diagnosis::good("SSM", format!("provides {}", named.join(", ")))], Some(environment)),
        Err(error) => {
            let remedy = "check AWS_REGION, the credentials (aws sts get-caller-identity), ssm:GetParameters, and the parameters' names";
            (vec![Diagnosis::failed("SSM", error.to_string(), remedy)], None)
        }
    }
}

/// Checks what the server checks at startup, and more.
pub fn variables(environment: &Environment) -> Vec<Diagnosis> {
    let config = match Config::from_environment(environment) {
        Ok(config) => config,
        Err(error) => {
            return vec![Diagnosis::failed(
                "configuration",
                error.to_string(),
                "set these variables; the server does not start without them",
            )];
        }
    };
    let mut found = vec![Diagnosis::good("configuration", "complete")];
    if config.has_short_signing_key() {
        let remedy = "generate a key with openssl rand -base64 48; all users must log in again";
        found.push(Diagnosis::warning(
            "token key",
            "JWT_SECRET_KEY has fewer than 32 bytes: it can be guessed to forge tokens",
            remedy,
        ));
    }
    found.extend(api_keys(&config));
    if config.signup == Signup::Open {
        let remedy =
            "set SIGNUP=by-mail, MAIL_FROM and FRONTEND_URL: then only the recipient of the invitation can sign up";
        found.push(Diagnosis::warning(
            "signup",
            "anybody who knows the address of an invited account can take it over",
            remedy,
        ));
    }
    if config.cors_origins == CorsOrigins::Any {
        let remedy = "set CORS_ORIGINS=https://study.example, if the frontend has another origin";
        found.push(Diagnosis::warning("CORS", "every origin may read responses", remedy));
    }
    found
}

fn api_keys(config: &Config) -> Vec<Diagnosis> {
    let mut found = Vec::new();
    for (name, key) in [("ADMIN_API_KEY", &config.admin_api_key), ("EXPORT_API_KEY", &config.export_api_key)] {
        let Some(key) = key else {
            let remedy = "set it, if scripts call these routes; administrators' tokens work in any case";
            found.push(Diagnosis::warning("API keys", format!("{name} is not set: its routes accept no key"), remedy));
            continue;
        };
        if key.expose_secret().chars().count() < MIN_API_KEY_CHARACTERS {
            let finding = format!("{name} has fewer than {MIN_API_KEY_CHARACTERS} characters: it can be guessed");
            found.push(Diagnosis::warning(
                "API keys",
                finding,
                "generate a key with openssl rand -hex 32, and give it to its users",
            ));
        }
    }
    if config.has_equal_api_keys() {
        let finding = "EXPORT_API_KEY is the same as ADMIN_API_KEY: anybody who may export may do everything";
        found.push(Diagnosis::warning(
            "API keys",
            finding,
            "generate another key with openssl rand -hex 32 for one of them",
        ));
    }
    found
}
