//! Waits for what happens elsewhere.

use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Waits until a condition holds; fails after `limit`.
pub async fn until(limit: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(limit, waiting).await.expect("the condition never held");
}
