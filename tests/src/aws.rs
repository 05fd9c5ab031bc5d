//! An AWS service with a constant response.

use std::net::Ipv4Addr;

use axum::Router;
use axum::response::IntoResponse as _;
use http::StatusCode;
use tokio::net::TcpListener;

/// Starts the service, and returns variables that make the AWS SDK use it. Its answers have the request id `id-of-aws`.
pub async fn service(status: StatusCode, body: impl Into<String>) -> Vec<(&'static str, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("a listener has an address"));
    let headers = [("x-amzn-requestid", "id-of-aws"), ("content-type", "application/x-amz-json-1.1")];
    let body = body.into();
    let answer = Router::new().fallback(move || async move { (status, headers, body).into_response() });
    tokio::spawn(axum::serve(listener, answer).into_future());
    let fixed = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"].map(|name| (name, "test".to_owned()));
    [("AWS_ENDPOINT_URL", url)].into_iter().chain(fixed).collect()
}
