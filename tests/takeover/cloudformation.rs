use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::put;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A stand-in for CloudFormation: it creates events of a stack, and receives the responses.
pub struct Stack {
    url: String,
    answers: Arc<Mutex<Vec<Value>>>,
}

impl Stack {
    pub async fn listening() -> Self {
        Self::answering(0, Duration::ZERO).await
    }

    /// Answers two requests with an error, and the next one after two seconds.
    pub async fn failing_twice_then_slow() -> Self {
        Self::answering(2, Duration::from_secs(2)).await
    }

    async fn answering(failures: usize, delay: Duration) -> Self {
        let answers = Arc::<Mutex<Vec<Value>>>::default();
        let kept = answers.clone();
        let received = Arc::<AtomicUsize>::default();
        let take = async move |headers: HeaderMap, body: String| {
            // the URL is signed for a request without a content type
            assert!(!headers.contains_key("content-type"));
            if received.fetch_add(1, Ordering::Relaxed) < failures {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            tokio::time::sleep(delay).await;
            kept.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            StatusCode::OK
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}/answer?signature=abc", listener.local_addr().unwrap());
        let router = Router::new().route("/answer", put(take));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, answers }
    }

    pub fn event(&self, request_type: &str) -> Value {
        let mut event = json!({
            "RequestType": request_type,
            "ResponseURL": self.url,
            "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:augmed-migrate",
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/augmed/1",
            "RequestId": "request",
            "ResourceType": "Custom::SchemaMigration",
            "LogicalResourceId": "SchemaMigration",
            "ResourceProperties": {"Version": "0123abc"},
        });
        if request_type != "Create" {
            event["PhysicalResourceId"] = json!("augmed-schema");
        }
        event
    }

    pub fn answers(&self) -> Vec<Value> {
        self.answers.lock().unwrap().clone()
    }
}
