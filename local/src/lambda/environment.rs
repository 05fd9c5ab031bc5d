//! The environment of a function process, as Lambda sets it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use crate::template::{self, REGION};

/// Variables that a process inherits from this machine; no others are passed on.
const INHERITED: [&str; 3] = ["PATH", "HOME", "TMPDIR"];

/// Returns the environment of one process.
///
/// A variable that the template sets keeps its value, unless `given` has another value for it, or has the secret itself (`NAME`)
/// where the template names its SSM parameter (`NAME_PARAMETER`). Variables in `given` that the template does not set are not
/// passed on: the deployed function would not have them either.
pub(super) fn environment(
    function: &template::Function,
    binary: &Path,
    runtime_api: SocketAddr,
    given: &BTreeMap<String, String>,
    everywhere: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    for name in INHERITED {
        if let Ok(value) = std::env::var(name) {
            environment.insert(name.to_owned(), value);
        }
    }
    environment.extend(of_lambda(function, binary, runtime_api));
    for (name, value) in &function.environment {
        let secret = name.strip_suffix("_PARAMETER");
        match secret.and_then(|secret| given.get_key_value(secret)).or_else(|| given.get_key_value(name)) {
            Some((name, value)) => environment.insert(name.clone(), value.clone()),
            None => environment.insert(name.clone(), value.clone()),
        };
    }
    environment.extend(everywhere.clone());
    environment
}

fn of_lambda(function: &template::Function, binary: &Path, runtime_api: SocketAddr) -> BTreeMap<String, String> {
    let folder = binary.parent().unwrap_or(binary).display().to_string();
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name)),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "local".into()),
        ("AWS_REGION", REGION.into()),
        ("AWS_DEFAULT_REGION", REGION.into()),
        ("LAMBDA_TASK_ROOT", folder),
        ("LANG", "en_US.UTF-8".into()),
        ("TZ", ":UTC".into()),
        ("_HANDLER", "bootstrap".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    const TEMPLATE: &str = "
        Resources:
          CasesFunction:
            Type: AWS::Serverless::Function
            Metadata: {BuildProperties: {Binary: cases}}
            Properties:
              CodeUri: functions/cases
              Timeout: 10
              MemorySize: 256
              Environment:
                Variables: {CORS_ORIGINS: '*', DATABASE_URL_PARAMETER: /database, JWT_SECRET_KEY_PARAMETER: /jwt}";

    fn environment_with(given: &[(&str, &str)], everywhere: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let template = Template::parse(TEMPLATE, &BTreeMap::new()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 9001));
        environment(&template.functions[0], Path::new("/bin/cases"), address, &owned(given), &owned(everywhere))
    }

    #[test]
    fn a_given_secret_replaces_its_parameter() {
        let environment = environment_with(&[("DATABASE_URL", "postgres://local")], &[]);

        assert_eq!(environment["DATABASE_URL"], "postgres://local");
        assert!(!environment.contains_key("DATABASE_URL_PARAMETER"));
        assert_eq!(environment["JWT_SECRET_KEY_PARAMETER"], "/jwt");
        assert_eq!(environment["CORS_ORIGINS"], "*");
    }

    #[test]
    fn a_function_gets_only_the_variables_of_its_template() {
        let environment =
            environment_with(&[("EXPORT_API_KEY", "key"), ("CORS_ORIGINS", "http://a.test")], &[("RUST_LOG", "debug")]);

        assert!(!environment.contains_key("EXPORT_API_KEY"));
        assert_eq!(environment["CORS_ORIGINS"], "http://a.test");
        assert_eq!(environment["RUST_LOG"], "debug");
    }

    #[test]
    fn only_basic_variables_of_this_process_are_inherited() {
        let environment = environment_with(&[], &[]);

        assert!(std::env::var("CARGO_MANIFEST_DIR").is_ok());
        assert!(!environment.contains_key("CARGO_MANIFEST_DIR"));
        assert_eq!(environment.get("PATH"), std::env::var("PATH").ok().as_ref());
        assert_eq!(environment["AWS_LAMBDA_RUNTIME_API"], "127.0.0.1:9001");
        assert_eq!(environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
        assert_eq!(environment["LAMBDA_TASK_ROOT"], "/bin");
    }
}
