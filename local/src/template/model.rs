//! The model of a template: functions, target groups, permissions and listener rules.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;

use super::arn::ALIAS;

/// The parts of a template that the platform executes, without resources whose condition does not hold.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Lambda functions in the order of the template.
    pub functions: Vec<Function>,
    /// Target groups.
    pub target_groups: Vec<TargetGroup>,
    /// Permissions.
    pub permissions: Vec<Permission>,
    /// Rules, lowest priority first.
    pub rules: Vec<Rule>,
    /// Logical names of custom resources that migrate the database.
    pub migrations: Vec<String>,
    /// Logical names of log groups for which a nested stack has metrics and alarms.
    pub watched: Vec<String>,
}

impl Template {
    /// Returns the target group with this ARN.
    pub fn target_group(&self, arn: &str) -> Option<&TargetGroup> {
        self.target_groups.iter().find(|group| group.arn == arn)
    }

    /// Returns the function with this ARN (its own or its alias's), deployed name or logical name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        let name = name.strip_suffix(ALIAS).and_then(|arn| arn.strip_suffix(':')).unwrap_or(name);
        self.functions.iter().find(|function| function.arn == name || function.name == name || function.key == name)
    }
}

/// A Lambda function (`AWS::Serverless::Function`).
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical name in the template, `AuthLoginFunction`.
    pub key: String,
    /// Name of the binary, `auth-login`.
    pub binary: String,
    /// Folder of its package relative to the template, `functions/auth-login`.
    pub code_uri: String,
    /// Name as deployed, with the local platform's stack name.
    pub name: String,
    /// ARN on the local platform.
    pub arn: String,
    /// The alias that points to the version of each release.
    pub alias: Option<String>,
    /// The maximum duration of an invocation; a longer one is killed.
    pub timeout: Duration,
    /// In megabytes.
    pub memory: u32,
    /// Limit of concurrent invocations, if the template sets one.
    pub reserved_concurrency: Option<usize>,
    /// Variables as the template sets them.
    pub environment: BTreeMap<String, String>,
    /// Variables whose value is an SSM parameter that no policy of the function allows to read.
    pub unreadable_secrets: Vec<String>,
    /// Schedule expressions that invoke it.
    pub schedules: Vec<String>,
    /// The log group that it writes to, if it is in the template.
    pub log_group: Option<LogGroup>,
    /// Whether it uses another resource's role instead of one that SAM generates from its policies.
    pub borrows_role: bool,
    /// Logical names of resources deployed before it.
    pub depends_on: Vec<String>,
}

/// Log group of a function (`AWS::Logs::LogGroup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Logical name in the template.
    pub key: String,
    /// Its name, `/aws/lambda/augmed-api`.
    pub name: String,
    /// Days after which lines are deleted; without it they are never deleted.
    pub retention_days: Option<u32>,
}

/// Target of rules (`AWS::ElasticLoadBalancingV2::TargetGroup`).
#[derive(Debug, Clone)]
pub struct TargetGroup {
    /// Logical name in the template.
    pub key: String,
    /// ARN on the local platform.
    pub arn: String,
    /// `lambda`, `ip`, `instance` or `alb`.
    pub target_type: String,
    /// ARNs or addresses registered in the template.
    pub targets: Vec<String>,
    /// Whether the load balancer checks the targets' health; unset means the default: on, except for `lambda`.
    pub health_check_enabled: Option<bool>,
    /// Attributes by key, `lambda.multi_value_headers.enabled`.
    pub attributes: BTreeMap<String, String>,
    /// Logical names of resources created before it.
    pub depends_on: Vec<String>,
}

impl TargetGroup {
    /// Returns whether its targets are functions.
    pub fn is_lambda(&self) -> bool {
        self.target_type == "lambda"
    }

    /// Returns whether headers and query parameters are lists in events and answers.
    pub fn multi_value_headers(&self) -> bool {
        self.attributes.get("lambda.multi_value_headers.enabled").is_some_and(|value| value == "true")
    }
}

/// A permission to invoke a function (`AWS::Lambda::Permission`).
#[derive(Debug, Clone)]
pub struct Permission {
    /// Logical name in the template.
    pub key: String,
    /// Logical name, deployed name or ARN of the function.
    pub function: String,
    /// `lambda:InvokeFunction`.
    pub action: String,
    /// Service that may invoke.
    pub principal: String,
    /// ARN pattern of the caller.
    pub source_arn: Option<String>,
}

/// A rule of the listener (`AWS::ElasticLoadBalancingV2::ListenerRule`).
#[derive(Debug, Clone)]
pub struct Rule {
    /// Logical name in the template.
    pub key: String,
    /// The listener as written in the template: rules compete within one listener.
    pub listener: String,
    /// The load balancer evaluates the rule with the lowest priority first.
    pub priority: u32,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// Action for matching requests.
    pub action: Action,
}

/// One condition of a rule: one of its values must match. `*` and `?` are wildcards in patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Patterns of the path, case-sensitive.
    PathPattern(Vec<String>),
    /// Patterns of the host name, in any case.
    HostHeader(Vec<String>),
    /// Exact methods.
    RequestMethod(Vec<String>),
    /// Patterns of the values of a header, in any case.
    Header {
        /// Name of the header, in any case.
        name: String,
        /// Patterns of its values.
        values: Vec<String>,
    },
    /// Patterns of a parameter's key (any if `None`) and value, in any case.
    QueryString(Vec<(Option<String>, String)>),
    /// Networks of the client.
    SourceIp(Vec<IpNet>),
}

impl Condition {
    /// Returns the field's name in the template.
    pub fn field(&self) -> &'static str {
        match self {
            Self::PathPattern(_) => "path-pattern",
            Self::HostHeader(_) => "host-header",
            Self::RequestMethod(_) => "http-request-method",
            Self::Header { .. } => "http-header",
            Self::QueryString(_) => "query-string",
            Self::SourceIp(_) => "source-ip",
        }
    }

    /// Returns its values as written in the template; key and value of a query parameter count as one.
    pub fn values(&self) -> Vec<String> {
        match self {
            Self::PathPattern(values)
            | Self::HostHeader(values)
            | Self::RequestMethod(values)
            | Self::Header { values, .. } => values.clone(),
            Self::QueryString(pairs) => {
                pairs.iter().map(|(key, value)| format!("{}{value}", key.as_deref().unwrap_or_default())).collect()
            }
            Self::SourceIp(networks) => networks.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Action of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Forwards to one of these target groups (ARN, weight), at random by weight.
    Forward(Vec<(String, u32)>),
    /// Returns a fixed response.
    FixedResponse {
        /// HTTP status.
        status: u16,
        /// Media type, by default `text/plain`.
        content_type: String,
        /// The body.
        body: String,
    },
    /// Redirects to another URL.
    Redirect(Redirect),
}

/// Parts of a redirect's URL, with `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` as placeholders for those of the
/// request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// `HTTP`, `HTTPS` or `#{protocol}`.
    pub protocol: String,
    /// Host name.
    pub host: String,
    /// Port.
    pub port: String,
    /// Path with its leading slash.
    pub path: String,
    /// Query without the question mark.
    pub query: String,
    /// 301 or 302.
    pub status: u16,
}
