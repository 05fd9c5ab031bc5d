//! Names of resources on the local platform.

/// The account id of the local platform, which is the one in AWS's examples.
pub(super) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";
/// The alias that points to the functions' published versions.
pub(super) const ALIAS: &str = "live";

/// Returns the ARN of the function with this logical name on the local platform.
pub(super) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// Returns the ARN of the function's alias.
pub(super) fn alias_arn(function: &str) -> String {
    format!("{function}:{ALIAS}")
}

/// Returns the ARN of the target group with this logical name on the local platform.
pub(super) fn target_group_arn(name: &str) -> String {
    format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/73e2d6bc24d8a067")
}
