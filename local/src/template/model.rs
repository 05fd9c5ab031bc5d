//! What the platform needs to know of a template: functions, target groups, permissions and listener rules.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::IpNet;

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
    /// The alias under which it publishes a version for each release.
    pub alias: Option<String>,
    /// After this a running invocation is killed.
    pub timeout: Duration,
    /// Megabytes.
    pub memory: u32,
    /// How many invocations may run at once, where the template says so.
    pub reserved_concurrency: Option<usize>,
    /// Variables as the template sets them.
    pub environment: BTreeMap<String, String>,
    /// Variables whose value is an SSM parameter that no policy of the function names.
    pub unreadable_secrets: Vec<String>,
    /// Schedule expressions that invoke it.
    pub schedules: Vec<String>,
    /// The template's log group that it writes to, where there is one.
    pub log_group: Option<LogGroup>,
    /// Whether its role is another resource's instead of one that SAM makes of its policies.
    pub borrows_role: bool,
    /// Logical names of what is deployed before it.
    pub depends_on: Vec<String>,
}

/// Where a function's lines go (`AWS::Logs::LogGroup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroup {
    /// Logical name in the template.
    pub key: String,
    /// Its name, `/aws/lambda/augmed-api`.
    pub name: String,
    /// Days after which lines are deleted; without it they are kept for ever.
    pub retention_days: Option<u32>,
}

/// Where rules forward to (`AWS::ElasticLoadBalancingV2::TargetGroup`).
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
    /// Whether the load balancer checks the targets' health; unset means its default: on, except for `lambda`.
    pub health_check_enabled: Option<bool>,
    /// Attributes by key, `lambda.multi_value_headers.enabled`.
    pub attributes: BTreeMap<String, String>,
    /// Logical names of what is created before it.
    pub depends_on: Vec<String>,
}

impl TargetGroup {
    /// Whether its targets are functions.
    pub fn is_lambda(&self) -> bool {
        self.target_type == "lambda"
    }

    /// Whether headers and query parameters are lists in events and answers.
    pub fn multi_value_headers(&self) -> bool {
        self.attributes.get("lambda.multi_value_headers.enabled").is_some_and(|value| value == "true")
    }
}

/// Who may invoke a function (`AWS::Lambda::Permission`).
#[derive(Debug, Clone)]
pub struct Permission {
    /// Logical name in the template.
    pub key: String,
    /// Logical name, deployed name or ARN of the function.
    pub function: String,
    /// `lambda:InvokeFunction`.
    pub action: String,
    /// The service that calls.
    pub principal: String,
    /// ARN pattern of the caller.
    pub source_arn: Option<String>,
}

/// A rule of the listener (`AWS::ElasticLoadBalancingV2::ListenerRule`).
#[derive(Debug, Clone)]
pub struct Rule {
    /// Logical name in the template.
    pub key: String,
    /// The listener as the template writes it: rules compete within one listener.
    pub listener: String,
    /// Lowest first.
    pub priority: u32,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// What happens to a request that fits.
    pub action: Action,
}

/// One condition of a rule: one of its values must fit. `*` and `?` are wildcards where a pattern is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Patterns of the path, case-sensitive.
    PathPattern(Vec<String>),
    /// Patterns of the host name, in any case.
    HostHeader(Vec<String>),
    /// Methods, exactly.
    RequestMethod(Vec<String>),
    /// Patterns of the values of a header, in any case.
    Header {
        /// Name of the header, in any case.
        name: String,
        /// Patterns of its values.
        values: Vec<String>,
    },
    /// Patterns of a parameter's key (any, where there is none) and value, in any case.
    QueryString(Vec<(Option<String>, String)>),
    /// Networks of the caller.
    SourceIp(Vec<IpNet>),
}

impl Condition {
    /// The field's name in the template.
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

    /// Its values as the template writes them; key and value of a query parameter count as one.
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

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// To one of these target groups (ARN, weight), at random by weight.
    Forward(Vec<(String, u32)>),
    /// An answer of the load balancer's own.
    FixedResponse {
        /// HTTP status.
        status: u16,
        /// Media type, `text/plain` unless said otherwise.
        content_type: String,
        /// The body.
        body: String,
    },
    /// To another URL.
    Redirect(Redirect),
}

/// The parts of the URL a redirect leads to, with `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}`
/// for those of the request.
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
