//! Background load during a test.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::api::Api;

/// Clients that repeat a request.
pub struct Load {
    clients: JoinSet<Vec<StatusCode>>,
    is_over: Arc<AtomicBool>,
}

impl Load {
    /// Starts a client for each token, which requests its cases.
    pub fn start(api: &Arc<Api>, tokens: impl IntoIterator<Item = String>) -> Self {
        let mut load = Self { clients: JoinSet::new(), is_over: Arc::default() };
        for token in tokens {
            load.add(api, token);
        }
        load
    }

    /// Adds a client.
    pub fn add(&mut self, api: &Arc<Api>, token: String) {
        let (api, is_over) = (api.clone(), self.is_over.clone());
        self.clients.spawn(async move {
            let mut statuses = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                statuses.push(api.cases(&token).await);
            }
            statuses
        });
    }

    /// Stops the clients, and asserts that all of them had responses, all of them successes.
    pub async fn succeeded(self) {
        self.is_over.store(true, Ordering::Relaxed);
        for statuses in self.clients.join_all().await {
            assert!(!statuses.is_empty());
            let failures: Vec<_> = statuses.iter().filter(|status| **status != StatusCode::OK).collect();
            assert!(failures.is_empty(), "{} of {} failed: {failures:?}", failures.len(), statuses.len());
        }
    }
}
