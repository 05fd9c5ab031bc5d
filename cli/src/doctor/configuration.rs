//! The environment: secrets of SSM, and every variable of the server.

use secrecy::ExposeSecret as _;
use shared::Config;
use shared::config::{CorsOrigins, Environment};
use shared::secrets::{self, SECRETS};

use super::diagnosis::Diagnosis;

/// RFC 7518 section 3.2: a key for HS256 has at least 256 bits.
const SHORTEST_KEY_BYTES: usize = 32;

/// Whether SSM gives what `*_PARAMETER` names; the environment with the values in it.
pub async fn secrets(mut environment: Environment) -> (Vec<Diagnosis>, Option<Environment>) {
    let is_named = |name: &&str| environment.get(&format!("{name}_PARAMETER")).is_some_and(|value| !value.is_empty());
    let named: Vec<&str> = SECRETS.into_iter().filter(is_named).collect();
    if named.is_empty() {
        return (vec![Diagnosis::good("SSM", "not used: no variable ends in _PARAMETER")], Some(environment));
    }
    match Box::pin(secrets::resolve(&mut environment)).await {
        Ok(()) => (vec![Diagnosis::good("SSM", format!("gives {}", named.join(", ")))], Some(environment)),
        Err(error) => {
            let remedy =
                "AWS_REGION and credentials (aws sts get-caller-identity), ssm:GetParameters, the parameters' names";
            (vec![Diagnosis::failed("SSM", error.to_string(), remedy)], None)
        }
    }
}

/// What the server would say of its environment at start, and what it would not say.
pub fn variables(environment: &Environment) -> Vec<Diagnosis> {
    let config = match Config::from_environment(environment) {
        Ok(config) => config,
        Err(error) => {
            return vec![Diagnosis::failed(
                "configuration",
                error.to_string(),
                "set these variables; the server does not start without",
            )];
        }
    };
    let mut found = vec![Diagnosis::good("configuration", "complete")];
    if config.jwt_secret_key.expose_secret().len() < SHORTEST_KEY_BYTES {
        let remedy = "openssl rand -base64 48, and store it; who is logged in has to log in again";
        found.push(Diagnosis::warning(
            "token key",
            "JWT_SECRET_KEY has less than 32 bytes: tokens can be forged by trying",
            remedy,
        ));
    }
    for (name, key) in [("ADMIN_API_KEY", &config.admin_api_key), ("EXPORT_API_KEY", &config.export_api_key)] {
        if key.is_none() {
            let remedy = "set it, if scripts call these routes; tokens of administrators open them anyway";
            found.push(Diagnosis::warning("API keys", format!("{name} is not set: no key opens its routes"), remedy));
        }
    }
    if config.cors_origins == CorsOrigins::Any {
        let remedy = "CORS_ORIGINS=https://study.example, if the frontend is served from elsewhere";
        found.push(Diagnosis::warning("CORS", "every origin may read answers", remedy));
    }
    found
}
