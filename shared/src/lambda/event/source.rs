/// The service that sent an event. It determines the form and the maximum size of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lambda) enum Source {
    /// An Application Load Balancer; its target group has multi-value headers enabled or disabled.
    LoadBalancer { is_multi_value: bool },
    /// API Gateway with payload format 1.0: a REST API, or an HTTP API configured for it.
    RestApi,
    /// Payload format 2.0: function URLs, HTTP APIs of API Gateway, and `cargo lambda watch`.
    HttpApi,
    /// VPC Lattice.
    Lattice,
}

impl Source {
    /// Returns the maximum size of a function's answer, as JSON, in bytes. A load balancer turns a larger one into a
    /// 502 (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>); Lambda itself
    /// allows 6 MB (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
    pub(in crate::lambda) fn max_answer_bytes(self) -> usize {
        match self {
            Self::LoadBalancer { .. } => 1_000_000,
            Self::RestApi | Self::HttpApi | Self::Lattice => 6_000_000,
        }
    }
}
