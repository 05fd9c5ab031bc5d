/// Why an event is not an HTTP request; the text is sent to the caller.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(in crate::lambda) enum EventError {
    #[error("The event is not one of a load balancer, a function URL, API Gateway or VPC Lattice")]
    NotHttp,
    #[error("The request has bytes that are not UTF-8")]
    NotUtf8,
    #[error("The method is not valid")]
    Method,
    #[error("The path or the query is not valid")]
    Uri,
    #[error("A header is not valid")]
    Header,
    #[error("The body is not valid base64")]
    Body,
}
