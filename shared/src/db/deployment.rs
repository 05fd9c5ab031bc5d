/// Where the process runs, which determines its number of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// A Lambda function, frozen between requests except in Lambda Managed Instances.
    Lambda {
        /// Maximum concurrent requests, and connections: one, except in Lambda Managed Instances.
        max_concurrency: u32,
    },
    /// A container, with many concurrent requests.
    Container {
        /// Maximum number of connections.
        max_connections: u32,
    },
}
